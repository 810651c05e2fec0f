# SPDX-License-Identifier: Apache-2.0
"""A folder holds the files of one run: the new ones all, or the old ones as they were."""

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest
from builders.errors import raises
from builders.faulty_files import StoppedError, faulty_files

from ICHSegmentationLib.core.errors import DiskFullError, ICHSegmentationError
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.storage.replacing import finish_replacing, replacing_files
from ICHSegmentationLib.export.formats import RESULT_FILES


def make_old_result(folder):
    """Make a result of a DICOM scan, and a file of the user's own."""
    folder.mkdir(exist_ok=True)
    for name in ("labels.nii.gz", "segmentation.dcm", "render.png", "notes.txt"):
        (folder / name).write_text(f"old {name}")


@pytest.fixture
def an_old_result(tmp_path):
    make_old_result(tmp_path)
    return tmp_path


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_new_files_replace_the_old_result_and_nothing_else(an_old_result):
    with replacing_files(an_old_result, instead_of=RESULT_FILES) as folder:
        (folder / "labels.nii.gz").write_text("new")
        (folder / "report.pdf").write_text("new")
    assert contents(an_old_result) == {"labels.nii.gz": "new", "report.pdf": "new", "notes.txt": "old notes.txt"}


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_a_run_that_ends_early_leaves_the_old_result_whole(an_old_result, failure):
    before = contents(an_old_result)

    def broken_run():
        with replacing_files(an_old_result, instead_of=RESULT_FILES) as folder:
            (folder / "labels.nii.gz").write_text("new")
            raise failure

    with pytest.raises(failure):
        broken_run()
    assert contents(an_old_result) == before


def test_the_folder_is_made(tmp_path):
    with replacing_files(tmp_path / "new" / "folder") as folder:
        (folder / "report.pdf").write_text("new")
    assert contents(tmp_path / "new" / "folder") == {"report.pdf": "new"}


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ICHSegmentationError) as caught, replacing_files(tmp_path / "file" / "out"):
        pass
    assert str(tmp_path / "file" / "out") in str(caught.value)


def test_a_full_disk_is_said_and_the_old_result_stays(an_old_result, monkeypatch):
    before = contents(an_old_result)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DiskFullError), replacing_files(an_old_result, instead_of=RESULT_FILES):
        pass
    assert contents(an_old_result) == before


NEW = {"labels.nii.gz": "new", "report.pdf": "new", "notes.txt": "old notes.txt"}


def replace_the_result(folder):
    with replacing_files(folder, instead_of=RESULT_FILES) as staging:
        write_text(staging / "labels.nii.gz", "new")
        write_text(staging / "report.pdf", "new")


def killed_replacement(folder, number):
    """Replace the result in a process that is killed before a call."""
    with faulty_files() as files, suppress(StoppedError):
        files.stop_at = number
        replace_the_result(folder)


def calls_of_a_replacement(folder):
    with faulty_files() as files:
        replace_the_result(folder)
    return files.calls


def test_a_kill_at_any_call_leaves_the_old_or_the_new_result_whole(tmp_path):
    make_old_result(tmp_path / "counted")
    old = contents(tmp_path / "counted")
    calls = calls_of_a_replacement(tmp_path / "counted")
    assert contents(tmp_path / "counted") == NEW
    assert len(calls) > 40
    outcomes = []
    for number in range(len(calls)):
        folder = tmp_path / str(number)
        make_old_result(folder)
        killed_replacement(folder, number)
        # Whoever looks before the next run sees files of one result only, never a mixture.
        shown = {path.read_text() for path in folder.iterdir() if path.name in RESULT_FILES}
        assert shown <= {"new"} or "new" not in shown
        finish_replacing(folder)
        assert contents(folder) in (old, NEW), number
        outcomes.append(contents(folder) == NEW)
    assert outcomes == sorted(outcomes)  # the old one up to one call, the new one from there on
    assert {True, False} == set(outcomes)


def test_a_kill_while_a_replacement_is_finished_loses_nothing_either(tmp_path):
    make_old_result(tmp_path / "counted")
    calls = calls_of_a_replacement(tmp_path / "counted")
    first_moves = len(calls) - [*reversed(calls)].index("mkdir")
    places = [number for number in range(len(calls)) if number >= first_moves and calls[number] == "replace"]
    for number in places:
        for again in range(0, 12, 2):
            folder = tmp_path / f"{number}-{again}"
            make_old_result(folder)
            killed_replacement(folder, number)
            with faulty_files() as files, suppress(StoppedError):
                files.stop_at = again
                finish_replacing(folder)
            replace_the_result(folder)
            assert contents(folder) == NEW


def error_of(function, *arguments):
    try:
        function(*arguments)
    except ICHSegmentationError as error:
        return error
    return None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("lasting", [False, True])
def test_a_refused_call_gives_one_sentence_and_leaves_one_result_whole(tmp_path, number, lasting):
    make_old_result(tmp_path / "counted")
    old = contents(tmp_path / "counted")
    calls = calls_of_a_replacement(tmp_path / "counted")
    for index, name in enumerate(calls):
        folder = tmp_path / str(index)
        make_old_result(folder)
        with faulty_files() as files:

            def refuse(_call, files=files, index=index, name=name):
                here = len(files.calls) - 1
                return number if here == index or (lasting and here > index and _call == name) else 0

            files.refuse = refuse
            problem = error_of(replace_the_result, folder)
        finish_replacing(folder)
        assert contents(folder) in (old, NEW), (index, name)
        if problem is None:
            assert contents(folder) == NEW
        else:
            assert "\n" not in str(problem)
            assert isinstance(problem, DiskFullError) == (number == errno.ENOSPC)


@pytest.mark.parametrize("space", [0, 1, 3, 4, 100])
def test_a_disk_that_fills_up_leaves_the_old_result(an_old_result, space):
    before = contents(an_old_result)
    with faulty_files() as files:
        files.space = space
        problem = error_of(replace_the_result, an_old_result)
    assert isinstance(problem, DiskFullError)
    assert contents(an_old_result) == before


def test_a_file_that_another_program_holds_keeps_the_old_result(an_old_result, monkeypatch):
    """Windows refuses to replace a file that is open elsewhere."""
    before, replace = contents(an_old_result), os.replace

    def held(source, target):
        if Path(source).parent.name == "new" and Path(source).name == "report.pdf":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        replace(source, target)

    monkeypatch.setattr(os, "replace", held)
    with raises(ICHSegmentationError, "core.write_forbidden", path=an_old_result):
        replace_the_result(an_old_result)
    monkeypatch.undo()
    assert contents(an_old_result) == before


def test_folders_are_replaced_too(tmp_path):
    (tmp_path / "dicom").mkdir()
    (tmp_path / "dicom" / "0001.dcm").write_text("old")
    (tmp_path / "dicom" / "0002.dcm").write_text("old")
    with replacing_files(tmp_path, instead_of=["dicom"]) as staging:
        (staging / "dicom").mkdir()
        (staging / "dicom" / "0001.dcm").write_text("new")
    assert contents(tmp_path / "dicom") == {"0001.dcm": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["dicom"]


def test_a_replacement_that_cannot_be_finished_is_told(an_old_result, monkeypatch):
    calls = calls_of_a_replacement(an_old_result)
    make_old_result(an_old_result)
    last_move = len(calls) - 1 - calls[::-1].index("replace")
    killed_replacement(an_old_result, last_move)
    (journal,) = an_old_result.glob(".ichseg-*/journal.json")

    def refuse(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        patch.setattr(os, "unlink", refuse)
        with raises(ICHSegmentationError, "core.unfinished_replacement", folder=an_old_result):
            finish_replacing(an_old_result)
    assert journal.exists()
    finish_replacing(an_old_result)
    assert contents(an_old_result) == NEW


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    with replacing_files(tmp_path) as staging:
        (staging / "labels.nii.gz").write_text("first")
        with replacing_files(tmp_path) as other:
            (other / "report.pdf").write_text("second")
        assert (staging / "labels.nii.gz").read_text() == "first"
    assert contents(tmp_path) == {"labels.nii.gz": "first", "report.pdf": "second"}
