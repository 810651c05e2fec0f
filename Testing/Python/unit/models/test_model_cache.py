# SPDX-License-Identifier: Apache-2.0
"""Cache entries are complete and undamaged, or not there."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest

from ICHSegmentationLib.models.runtimes.model_cache import cache_folder, read_entry, shared_folder, write_entry


def write_two_files(folder: Path) -> None:
    (folder / "one").write_bytes(b"first")
    (folder / "two").write_bytes(b"second")


def test_the_cache_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("ICHSEG_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


def test_the_cache_is_in_the_platforms_place_otherwise(monkeypatch):
    monkeypatch.delenv("ICHSEG_CACHE", raising=False)
    assert cache_folder().is_absolute()
    assert "ichseg" in cache_folder().parts


def test_an_entry_comes_back_as_written(tmp_path):
    entry = tmp_path / "cache" / "entry"
    write_entry(entry, write_two_files)

    assert read_entry(entry) == {"one": b"first", "two": b"second"}
    assert [path.name for path in entry.parent.iterdir()] == ["entry"]


def test_a_missing_entry_is_none(tmp_path):
    assert read_entry(tmp_path / "entry") is None


@pytest.mark.parametrize("damage", [b"", b"secon", b"Second"])
def test_a_damaged_file_makes_the_entry_none(tmp_path, damage):
    entry = tmp_path / "entry"
    write_entry(entry, write_two_files)
    (entry / "two").write_bytes(damage)

    assert read_entry(entry) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"../one": "0"}'])
def test_damaged_checksums_never_give_files(tmp_path, damage):
    entry = tmp_path / "entry"
    write_entry(entry, write_two_files)
    (entry / "checksums.json").write_bytes(damage)
    assert not read_entry(entry)


def test_an_entry_with_checksums_of_someone_else_is_none(tmp_path, monkeypatch):
    entry = tmp_path / "entry"
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path / "others"))
    write_entry(entry, write_two_files)
    assert read_entry(entry) is not None
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path / "own"))
    assert read_entry(entry) is None
    plain = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in entry.iterdir()}
    (entry / "checksums.json").write_text(json.dumps(plain))
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path / "others"))
    assert read_entry(entry) is None


def test_an_entry_of_another_model_is_none(tmp_path):
    write_entry(tmp_path / "entry", write_two_files)
    (tmp_path / "entry").rename(tmp_path / "other")
    assert read_entry(tmp_path / "other") is None


def test_files_exchanged_within_an_entry_make_it_none(tmp_path):
    entry = tmp_path / "entry"
    write_entry(entry, write_two_files)
    sums = json.loads((entry / "checksums.json").read_text())
    (entry / "one").write_bytes(b"second")
    (entry / "checksums.json").write_text(json.dumps(sums | {"one": sums["two"]}))
    assert read_entry(entry) is None


def test_only_the_user_can_read_the_key(tmp_path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path / "settings"))
    write_entry(tmp_path / "cache" / "entry", write_two_files)
    key = tmp_path / "settings" / "cache.key"
    assert (len(key.read_bytes()), stat.S_IMODE(key.stat().st_mode)) == (32, 0o600)
    assert not list((tmp_path / "cache").rglob("*key*"))


@pytest.mark.parametrize("damage", [b"", b"short"])
def test_a_damaged_key_is_made_anew(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path / "settings"))
    write_entry(tmp_path / "entry", write_two_files)
    (tmp_path / "settings" / "cache.key").write_bytes(damage)
    assert read_entry(tmp_path / "entry") is None
    write_entry(tmp_path / "entry", write_two_files)
    assert read_entry(tmp_path / "entry") == {"one": b"first", "two": b"second"}


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o757])
@pytest.mark.parametrize("shared", ["cache", "cache/openvino"])
def test_a_folder_that_others_may_write_into_is_told(tmp_path, shared, mode):
    folder = tmp_path / "cache" / "openvino"
    folder.mkdir(mode=0o700, parents=True)
    (tmp_path / "cache").chmod(0o755)
    assert shared_folder(folder) is None
    (tmp_path / shared).chmod(mode)
    assert shared_folder(folder) == tmp_path / shared


def test_the_folders_of_the_cache_are_made_for_the_user_alone(tmp_path):
    before = os.umask(0)
    try:
        write_entry(tmp_path / "cache" / "openvino" / "entry", write_two_files)
    finally:
        os.umask(before)
    assert shared_folder(tmp_path / "cache" / "openvino") is None


def test_a_damaged_entry_is_replaced(tmp_path):
    entry = tmp_path / "entry"
    write_entry(entry, write_two_files)
    (entry / "one").write_bytes(b"")
    write_entry(entry, write_two_files)
    assert read_entry(entry) == {"one": b"first", "two": b"second"}


def test_of_two_processes_the_faster_one_stays(tmp_path):
    entry = tmp_path / "entry"

    def write_while_another_process_finishes(folder: Path) -> None:
        (folder / "slow").write_bytes(b"slow")
        write_entry(entry, write_two_files)

    write_entry(entry, write_while_another_process_finishes)
    assert read_entry(entry) == {"one": b"first", "two": b"second"}
    assert [path.name for path in tmp_path.iterdir()] == ["entry"]


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail(folder: Path) -> None:
        (folder / "one").write_bytes(b"fir")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_entry(tmp_path / "entry", fail)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_conversion_left_is_removed_by_the_next_but_not_what_is_at_work(tmp_path):
    left, at_work, other = (tmp_path / name for name in (".entry-left", ".entry-now", ".other-left"))
    for folder in (left, at_work, other):
        folder.mkdir()
        (folder / "one").write_bytes(b"fir")
    for folder in (left, other):
        os.utime(folder, (0, 0))
    write_entry(tmp_path / "entry", write_two_files)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".entry-now", ".other-left", "entry"]
