# SPDX-License-Identifier: Apache-2.0
"""Telling what a file is from its first bytes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

_DICOM_SUFFIXES = {".dcm", ".ima", ".dicom"}
_NIFTI_SUFFIXES = (".nii", ".nii.gz", ".hdr")


class FileKind(Enum):
    """The kinds of file that hold a CT."""

    DICOM = "dicom"
    NIFTI = "nifti"
    NRRD = "nrrd"
    MHA = "mha"
    UNKNOWN = "unknown"


def file_kind(path: Path) -> FileKind:
    """Return the kind of a file by its first bytes; NIfTI, often compressed, by its name."""
    with path.open("rb") as stream:
        head = stream.read(16)
    if head[:4] == b"NRRD":
        return FileKind.NRRD
    if head[:10] == b"ObjectType" or head[:5] == b"NDims":
        return FileKind.MHA
    if path.name.lower().endswith(_NIFTI_SUFFIXES):
        return FileKind.NIFTI
    return FileKind.DICOM if looks_like_dicom(path) else FileKind.UNKNOWN


def has_dicom_prefix(path: Path) -> bool:
    """Whether a file starts with the DICOM preamble and prefix (PS3.10 7.1)."""
    with path.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def looks_like_dicom(path: Path) -> bool:
    """Whether a file is DICOM by its prefix, by a first tag of group 0002 or 0008, or at least by its name."""
    with path.open("rb") as stream:
        head = stream.read(132)
    return head[128:] == b"DICM" or head[:2] in {b"\x02\x00", b"\x08\x00"} or path.suffix.lower() in _DICOM_SUFFIXES
