# SPDX-License-Identifier: Apache-2.0
"""Opening NIfTI files, compressed or not by their content."""

from __future__ import annotations

import gzip
import struct
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.limits import check_shape, check_surplus

if TYPE_CHECKING:
    import nibabel

_GZIP = b"\x1f\x8b"
_NIFTI_2_BYTES = 540
_SLACK_BYTES = 64 << 20
"""Extensions of the header and trailing bytes that a compressed file may hold beside its voxels."""
_CHUNK_BYTES = 1 << 20
_SINGLE_FILE = {b"n+1", b"n+2"}
"""The magic of files that hold header and voxels."""


@dataclass(frozen=True)
class NiftiFile:
    """An open file.

    Attributes
    ----------
    image : nibabel.Nifti1Pair
        Header, and voxels that are read when they are asked for.
    states_spacing : bool
        Whether the file states the size of its voxels; nibabel takes a missing one as 1 mm.
    """

    image: nibabel.Nifti1Pair
    states_spacing: bool


def open_nifti(path: Path) -> NiftiFile:
    """Open a NIfTI-1 or NIfTI-2 file, whatever its name says about compression.

    The checksum of a compressed file is compared, which readers that stop at the last voxel never reach. What nibabel
    says about odd headers is not printed.

    Raises
    ------
    InputError
        If it is an Analyze file or too large.
    Exception
        Any that nibabel, gzip or zlib raise on a damaged file.
    """
    import nibabel  # here, not above: it takes a third of a second

    logger = nibabel.imageglobals.logger
    disabled, logger.disabled = logger.disabled, True
    try:
        return _open(path)
    finally:
        logger.disabled = disabled


def nifti_comment(image: nibabel.Nifti1Pair, prefix: str) -> bytes | None:
    """Return the first comment of the header that begins with a prefix, without it; None if there is none."""
    for extension in image.header.extensions:
        content = extension.get_content()
        text = (content if isinstance(content, bytes) else str(content).encode()).rstrip(b"\0")
        if text.startswith(prefix.encode()):
            return text[len(prefix.encode()) :]
    return None


def _open(path: Path) -> NiftiFile:
    import nibabel

    compressed = _is_compressed(path)
    if path.suffix.lower() not in {".gz", ".nii"} or compressed == (path.suffix.lower() == ".gz"):
        image = nibabel.load(path)
        if not isinstance(image, nibabel.Nifti1Pair):
            raise InputError(message("io.analyze_file", path=path))
        header, size = _raw_header(path, compressed=compressed)
        held = _read_to_end(path, size) if compressed else path.stat().st_size
        if header["magic"].item()[:3] in _SINGLE_FILE:
            _check_surplus(path, header, held)
        return NiftiFile(image, _states_spacing(header))
    header, size = _raw_header(path, compressed=compressed)
    with _opened(path, compressed=compressed) as stream:
        content = stream.read(size + 1)
    if len(content) > size:
        raise InputError(message("io.longer_than_stated", path=path))
    _check_surplus(path, header, len(content))
    kind = nibabel.Nifti2Image if isinstance(header, nibabel.Nifti2Header) else nibabel.Nifti1Image
    return NiftiFile(kind.from_bytes(content), _states_spacing(header))


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP


def _opened(path: Path, *, compressed: bool) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path) if compressed else path.open("rb")


def _raw_header(path: Path, *, compressed: bool) -> tuple[Any, int]:
    """Return the header as it is stored, and how many bytes the file may hold at most; refuse too large an array."""
    import nibabel

    with _opened(path, compressed=compressed) as stream:
        start = stream.read(4)
        second = len(start) == 4 and _NIFTI_2_BYTES in {struct.unpack(order + "i", start)[0] for order in "<>"}
        stream.seek(0)
        header = (nibabel.Nifti2Header if second else nibabel.Nifti1Header).from_fileobj(stream, check=False)
    shape = header.get_data_shape()
    check_shape(path, shape)
    return header, sum(_stated_bytes(header)) + _SLACK_BYTES


def _stated_bytes(header: Any) -> tuple[int, int]:
    """Return the number of bytes before the voxels, and of the voxels."""
    voxels = int(np.prod(header.get_data_shape(), dtype=np.int64)) * header.get_data_dtype().itemsize
    return max(int(header["vox_offset"]), 0), voxels


def _check_surplus(path: Path, header: Any, held_bytes: int) -> None:
    before, voxels = _stated_bytes(header)
    check_surplus(path, header.get_data_shape(), voxels, held_bytes - before)


def _read_to_end(path: Path, size: int) -> int:
    """Return the number of bytes of a compressed file."""
    done = 0
    with gzip.open(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            done += len(chunk)
            if done > size:
                raise InputError(message("io.longer_than_stated", path=path))
    return done


def _states_spacing(header: Any) -> bool:
    if int(header["sform_code"]) > 0:
        return True
    spacing = np.abs(np.asarray(header["pixdim"][1:4], dtype=np.float64))
    return bool(np.isfinite(spacing).all() and (spacing > 0).all())
