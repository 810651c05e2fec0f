# SPDX-License-Identifier: Apache-2.0
"""Reading NRRD and MetaImage with SimpleITK."""

from __future__ import annotations

import re
import zlib
from io import BufferedReader
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import LPS_TO_RAS
from ICHSegmentationLib.core.scan.source import CTSource
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.file_kind import FileKind, file_kind
from ICHSegmentationLib.io.limits import MAXIMUM_BYTES, check_shape, check_surplus
from ICHSegmentationLib.io.volumes.affine_volume import volume_from_affine
from ICHSegmentationLib.io.volumes.stated_spacing import Spacing, check_stated

_META_HEADER_BYTES = 1 << 16
_META_COMPRESSED = re.compile(rb"^CompressedData\s*=\s*True\s*$", re.MULTILINE | re.IGNORECASE)
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK_BYTES = 1 << 20
_META_UNITS = re.compile(rb"^DistanceUnits\s*=\s*(.+?)\s*$", re.MULTILINE)
_MM = {"mm", "millimeter", "millimeters", "millimetre", "millimetres", "", "?", "???"}
_SPACE_KINDS = {"domain", "space", "???", "none"}
_META_SPACING = re.compile(rb"^(?:ElementSpacing|ElementSize)\s*=\s*(.+?)\s*$", re.MULTILINE)


def read_itk(
    path: Path, *, grey_window: tuple[float, float] | None = None, spacing_mm: Spacing | None = None
) -> CTVolume:
    """Read a NRRD (.nrrd, .nhdr) or MetaImage (.mha, .mhd) file.

    Parameters
    ----------
    path : Path
        The file.
    grey_window : tuple of float, optional
        HU that greys 0 and 255 stand for.
    spacing_mm : tuple of float, optional
        Size of a voxel along the file's first, second and third axis, for a file that does not state it.

    Raises
    ------
    InputError
        If the file cannot be read or is no CT volume, see :func:`volume_from_affine`, or the size of its voxels is not
        known.
    """
    import SimpleITK  # here, not above: it takes a third of a second

    is_nrrd = file_kind(path) is FileKind.NRRD
    with damage_named(path):
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        check_shape(path, reader.GetSize())
        _check_axes(path, is_nrrd=is_nrrd)
        check_stated(path, spacing_mm, stated=_nrrd_states_spacing(path) if is_nrrd else _meta_states_spacing(path))
        image = reader.Execute()
        held = (_nrrd_bytes if is_nrrd else _meta_bytes)(path)
    if held is not None:
        voxels = SimpleITK.GetArrayViewFromImage(image)
        check_surplus(path, image.GetSize(), voxels.nbytes, held)
    if image.GetNumberOfComponentsPerPixel() > 1:
        raise InputError(message("io.not_single_numbers", path=path))
    while image.GetDimension() > 3 and image.GetSize()[-1] == 1:
        image = SimpleITK.Extract(image, [*image.GetSize()[:-1], 0])
    if image.GetDimension() != 3:
        raise InputError(message("io.not_one_volume", path=path, shape=image.GetSize()))
    if spacing_mm is not None:
        image.SetSpacing(spacing_mm)
    warnings: tuple[str, ...] = ()
    if is_nrrd and not image.HasMetaDataKey("NRRD_space"):
        warnings = (message("io.no_space"),)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    affine[:3] *= LPS_TO_RAS[:, None]
    source = CTSource(kind="nrrd" if is_nrrd else "mha", files=(path,))
    array = SimpleITK.GetArrayViewFromImage(image).T
    return volume_from_affine(array, affine, source, grey_window=grey_window, warnings=warnings)


def _check_axes(path: Path, *, is_nrrd: bool) -> None:
    """Refuse units other than mm, which SimpleITK does not read, and axes that are not of space."""
    import nrrd

    if is_nrrd:
        header = nrrd.read_header(str(path))
        units = [*header.get("space units", ()), *header.get("units", ())]
        kinds = [kind for kind in header.get("kinds", ()) if kind not in _SPACE_KINDS]
        if kinds and header["dimension"] == len(header["kinds"]) == 3:
            raise InputError(message("io.axis_not_of_space", path=path, kind=kinds[0]))
    else:
        with path.open("rb") as stream:
            found = _META_UNITS.search(stream.read(_META_HEADER_BYTES).partition(b"ElementDataFile")[0])
        units = [] if found is None else [found.group(1).decode("ascii", "replace")]
    others = [unit for unit in units if unit.strip().lower() not in _MM]
    if others:
        raise InputError(message("io.other_units", path=path, units=others[0]))


def _nrrd_states_spacing(path: Path) -> bool:
    import nrrd

    header = nrrd.read_header(str(path))
    directions = header.get("space directions")
    if directions is not None:
        # An axis without a direction ("none") is not one of space.
        rows = [row for row in directions if row is not None and np.isfinite(row).all()]
        return len(rows) >= 3 and all(np.linalg.norm(row) > 0 for row in rows)
    spacings = np.asarray(header.get("spacings", ()), dtype=np.float64)
    return bool(np.count_nonzero(np.isfinite(spacings) & (spacings != 0)) >= 3)


def _nrrd_bytes(path: Path) -> int | None:
    """Return the size of the unpacked voxels; None if they lie in other files or are text, or their place is odd."""
    import nrrd

    with path.open("rb") as stream:
        header = nrrd.read_header(stream)
        if {"data file", "datafile", "line skip", "lineskip", "byte skip", "byteskip"} & header.keys():
            return None
        if header["encoding"] == "raw":
            return path.stat().st_size - stream.tell()
        return _unpacked_bytes(stream, _GZIP) if header["encoding"] in {"gzip", "gz"} else None


def _meta_bytes(path: Path) -> int | None:
    """Return the size of the unpacked voxels; None if they lie in other files."""
    with path.open("rb") as stream:
        header, local, _ = stream.read(_META_HEADER_BYTES).partition(b"ElementDataFile")
        stream.seek(len(header) + len(local))
        if not local or stream.readline().strip(b" =\r\n").upper() != b"LOCAL":
            return None
        if _META_COMPRESSED.search(header):
            return _unpacked_bytes(stream, zlib.MAX_WBITS)
        return path.stat().st_size - stream.tell()


def _unpacked_bytes(stream: BufferedReader, format_bits: int) -> int:
    unpacker, count = zlib.decompressobj(format_bits), 0
    while (
        not unpacker.eof and count <= MAXIMUM_BYTES and (chunk := unpacker.unconsumed_tail or stream.read(_CHUNK_BYTES))
    ):
        count += len(unpacker.decompress(chunk, _CHUNK_BYTES))
    return count


def _meta_states_spacing(path: Path) -> bool:
    with path.open("rb") as stream:
        header = stream.read(_META_HEADER_BYTES).partition(b"ElementDataFile")[0]
    found = _META_SPACING.search(header)
    return found is not None and all(float(value) > 0 for value in found.group(1).split()[:3])
