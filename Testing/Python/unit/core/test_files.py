# SPDX-License-Identifier: Apache-2.0
"""Files are written whole or not at all, and a refusal is one clear sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from builders.errors import raises

from ICHSegmentationLib.core.errors import DiskFullError, ICHSegmentationError
from ICHSegmentationLib.core.storage.files import atomic_path, write_bytes, write_text


def test_content_replaces_an_earlier_file(tmp_path):
    (tmp_path / "a.txt").write_text("old and much longer")
    write_text(tmp_path / "a.txt", "mm² new")

    assert (tmp_path / "a.txt").read_bytes() == b"mm\xc2\xb2 new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_temporary_name_keeps_the_suffixes_and_the_folder(tmp_path):
    with atomic_path(tmp_path / "labels.nii.gz") as temporary:
        temporary.write_bytes(b"x")
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".nii.gz")
        assert temporary.name.startswith(".")
        assert not (tmp_path / "labels.nii.gz").exists()
    assert (tmp_path / "labels.nii.gz").read_bytes() == b"x"


def write_half_and_fail(path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        message = "stop"
        raise KeyboardInterrupt(message)


def test_a_failure_keeps_the_old_file_and_leaves_no_half_file(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_half_and_fail(tmp_path / "a.bin")

    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, DiskFullError, "core.disk_full"),
        (errno.EDQUOT, DiskFullError, "core.quota_used_up"),
        (errno.EACCES, ICHSegmentationError, "core.write_forbidden"),
        (errno.EROFS, ICHSegmentationError, "core.disk_read_only"),
    ],
)
def test_refusals_say_what_to_do(tmp_path, monkeypatch, number, kind, code):
    def refuse(_self: Path, _content: bytes) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with raises(kind, code, path=tmp_path / "report.pdf"):
        write_bytes(tmp_path / "report.pdf", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_found_at_the_flush_is_named_too(tmp_path, monkeypatch):
    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with raises(DiskFullError, "core.disk_full"):
        write_bytes(tmp_path / "report.pdf", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path):
    with raises(ICHSegmentationError, "core.folder_missing"):
        write_bytes(tmp_path / "no" / "a.bin", b"x")
