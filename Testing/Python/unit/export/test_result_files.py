# SPDX-License-Identifier: Apache-2.0
"""A folder holds the files of one run: the new ones all, or the old ones as they were."""

import errno
from pathlib import Path

import pytest

from ICHSegmentationLib.core.errors import DiskFullError, ICHSegmentationError
from ICHSegmentationLib.export.formats import RESULT_FILES
from ICHSegmentationLib.export.result_files import replacing_files


@pytest.fixture
def an_old_result(tmp_path):
    """A result of a DICOM scan, and a file of the user's own."""
    for name in ("labels.nii.gz", "segmentation.dcm", "render.png", "notes.txt"):
        (tmp_path / name).write_text(f"old {name}")
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
