# SPDX-License-Identifier: Apache-2.0
"""Received images on disk: a folder for each study, a file for each image.

The files are the only state. A file appears complete and flushed to the disk, or not at all, and its name is a hash of
its SOPInstanceUID, so that an image that is sent again takes no second place. What a study holds is named by a hash of
its file names: a late image gives another one, a repeated image does not.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom

from ICHSegmentationLib.cohort.jobs import short_hash
from ICHSegmentationLib.core.storage.files import flush_folder, write_text

_SUFFIX = ".dcm"
_DELETED = "deleted.txt"
"""Names of the images of a study that were deleted: a late image does not make a study of itself."""
_TAGS = ["StudyInstanceUID", "PatientID", "SOPInstanceUID"]


class DifferentImageError(Exception):
    """An image has the SOPInstanceUID of another one that was received before."""


@dataclass(frozen=True)
class Study:
    """A study as it was on disk at one moment; later images are not part of it.

    Attributes
    ----------
    files : tuple of Path
        Its images.
    revision : str
        Stands for its images; another after a late image.
    quiet_s : float
        Time since an image arrived.
    deleted : int
        Number of its images that were deleted and not sent again.
    """

    folder: Path
    files: tuple[Path, ...]
    revision: str
    quiet_s: float
    deleted: int

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def case_id(self) -> str:
        """ID of the case of this revision."""
        return f"study-{self.name}-{self.revision}"


class Inbox:
    """Folder of received images.

    Parameters
    ----------
    folder : Path
        Created with mode 0700 if necessary.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in folder.glob("*/.*.partial"):
            path.unlink(missing_ok=True)

    def store(self, content: bytes) -> None:
        """Keep an image; it is on the disk when this returns.

        Raises
        ------
        ValueError
            If it is no DICOM image with UIDs.
        DifferentImageError
            If another image with its UID was received before.
        OSError
            If it cannot be written.
        """
        header = pydicom.dcmread(BytesIO(content), stop_before_pixels=True, specific_tags=list(_TAGS))
        study, image = header.get("StudyInstanceUID"), header.get("SOPInstanceUID")
        if not study or not image:
            raise ValueError
        place = self.folder / short_hash(study, header.get("PatientID") or "")
        place.mkdir(exist_ok=True, mode=0o700)
        path = place / f"{short_hash(image)}{_SUFFIX}"
        if path.exists():
            if _digest(_after_meta(path.read_bytes())) != _digest(_after_meta(content)):
                raise DifferentImageError
            return
        temporary = place / f".{secrets.token_hex(6)}.partial"
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)
        flush_folder(place)
        flush_folder(self.folder)

    def studies(self) -> Iterator[Study]:
        """Yield the studies that hold images."""
        for place in sorted(self.folder.iterdir()):
            images = sorted(place.glob(f"*{_SUFFIX}"))
            if images:
                names = [path.name for path in images]
                last = max(path.stat().st_mtime for path in images)
                deleted = len(set(_deleted(place)) - set(names))
                yield Study(place, tuple(images), short_hash(*names)[:8], max(0.0, time.time() - last), deleted)

    def delete(self, study: Study) -> None:
        """Delete the images of a study, but not those that arrived since; their names are kept."""
        names = sorted({*_deleted(study.folder), *(path.name for path in study.files)})
        write_text(study.folder / _DELETED, "".join(f"{name}\n" for name in names))
        for path in study.files:
            path.unlink(missing_ok=True)

    def free_mib(self) -> float:
        """Return the free space of the disk."""
        return shutil.disk_usage(self.folder).free / (1 << 20)


def _deleted(folder: Path) -> list[str]:
    path = folder / _DELETED
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def _after_meta(content: bytes) -> bytes:
    """Return a file without its meta information, which the receiver writes itself."""
    length = int.from_bytes(content[140:144], "little")
    return content[144 + length :]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
