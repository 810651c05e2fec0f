# SPDX-License-Identifier: Apache-2.0
"""Label maps as NIfTI on the input's own grid, written and read back.

The sform holds a tilted grid exactly (nibabel writes the full affine). Uneven steps fit no affine: then the nearest one
is written, and a JSON file beside it (``labels.json`` for ``labels.nii.gz``) holds the slice positions.
"""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource, from_storage_order, nearest_axes, to_storage_order
from ICHSegmentationLib.core.storage.files import atomic_path, write_text
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.io.grid_record import GridRecord, checksum, parse_grid_record
from ICHSegmentationLib.io.labels.label_file import LabelFile, same_place, warn_even_steps
from ICHSegmentationLib.io.scan_identity import NIFTI_PREFIX, ScanIdentity
from ICHSegmentationLib.io.volumes.nifti_file import nifti_comment, open_nifti
from ICHSegmentationLib.io.volumes.stated_spacing import check_stated

_EVEN, _UNEVEN = b"ICHSegmentation: even slices", b"ICHSegmentation: uneven slices, see the JSON file"
_GRID_PREFIX = "ICHSegmentation-grid "
"""Start of the NIfTI header extension (code 6, comment) that holds the checksum of a grid, and the grid."""
_COLUMN_ROW_SLICE = CTSource(storage_axes=(2, 1, 0))


def sidecar_path(path: Path | str) -> Path:
    """Return where the slice positions of a NIfTI file lie: ``labels.json`` for ``labels.nii.gz``."""
    path = Path(path)
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")


def write_labels_nifti(
    path: Path | str, label_map: LabelMap, source: CTSource | None = None, scan: ScanIdentity | None = None
) -> None:
    """Write labels as uint8 NIfTI, atomically.

    Parameters
    ----------
    path : Path or str
        Ends in ``.nii.gz`` or ``.nii``. A sidecar of an earlier run is removed where none is needed.
    label_map : LabelMap
        The labels.
    source : CTSource, optional
        Where the volume came from. The labels of a NIfTI, NRRD or MHA file are written in that file's axis order and
        with its affine; all others as (column, row, slice).
    scan : ScanIdentity, optional
        Scan that the labels were made on, for the check of whoever uses them with a scan.
    """
    write_on_grid_nifti(path, label_map.labels, label_map.grid, source, scan)


def write_on_grid_nifti(
    path: Path | str,
    array: np.ndarray,
    grid: SliceGrid,
    source: CTSource | None = None,
    scan: ScanIdentity | None = None,
) -> None:
    """Write the voxels of a scan's slices, its labels or its HU; see :func:`write_labels_nifti`.

    Parameters
    ----------
    path : Path or str
        Ends in ``.nii.gz`` or ``.nii``.
    array : numpy.ndarray
        (slices, rows, columns) of the grid.
    grid : SliceGrid
        Where the slices lie.
    source : CTSource, optional
        Where the volume came from.
    scan : ScanIdentity, optional
        Scan to record.
    """
    import nibabel

    image = _image(array, grid, source, scan)
    sidecar = sidecar_path(path)
    if grid.is_regular:
        sidecar.unlink(missing_ok=True)
    else:
        write_text(sidecar, GridRecord.of(grid, _stored(source).storage_axes).to_json())
    with atomic_path(path) as temporary:
        nibabel.save(image, temporary)


def labels_nifti_header(grid: SliceGrid, source: CTSource | None = None, scan: ScanIdentity | None = None) -> bytes:
    """Return all bytes of a labels file before its voxels, with the grid in it, for a program that adds the voxels.

    Such a file needs no sidecar, and the checksum of the grid shows that it was not changed.

    Parameters
    ----------
    grid, source, scan
        As for :func:`write_on_grid_nifti`.
    """
    import nibabel

    image = _image(np.zeros(grid.shape, dtype=np.uint8), grid, source, scan)
    text = GridRecord.of(grid, _stored(source).storage_axes).to_json()
    content = f"{_GRID_PREFIX}{checksum(text)} {text}".encode()
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", content))
    written: bytes = image.to_bytes()
    return written[: len(written) - int(np.prod(grid.shape))]


def voxel_strides(grid: SliceGrid, source: CTSource | None = None) -> tuple[int, int, int]:
    """Return how far apart neighbours along slices, rows and columns lie in a written file, in voxels."""
    axes = _stored(source).storage_axes
    sizes = dict(zip(axes, grid.shape, strict=True))
    slices, rows, columns = (int(np.prod([sizes[before] for before in range(axis)], dtype=int)) for axis in axes)
    return slices, rows, columns


def _stored(source: CTSource | None) -> CTSource:
    return _COLUMN_ROW_SLICE if source is None or source.file_affine is None else source


def _image(array: np.ndarray, grid: SliceGrid, source: CTSource | None, scan: ScanIdentity | None) -> Any:
    import nibabel

    source = _stored(source)
    affine = grid.nearest_affine_ras if source.file_affine is None else source.file_affine
    image = nibabel.Nifti1Image(to_storage_order(array, source), affine)
    image.set_sform(affine, code=1)
    # A qform holds rotations only; with code 0 no reader can prefer it to the sform of a tilted grid.
    image.set_qform(None, code=0)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = _EVEN if grid.is_regular else _UNEVEN
    if scan is not None:
        text = f"{NIFTI_PREFIX}{scan.to_json()}"
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", text.encode()))
    return image


def read_labels_nifti(path: Path | str) -> LabelFile:
    """Read labels that :func:`write_labels_nifti` wrote, or any NIfTI with the same label values.

    Raises
    ------
    InputError
        If the file is not a 3D NIfTI of whole numbers 0-6, or the grid in it does not have its checksum.
    """
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError
    from nibabel.wrapstruct import WrapStructError

    path = Path(path)
    try:
        opened = open_nifti(path)
        image = opened.image
        stored = np.asanyarray(image.dataobj)
    except (ImageFileError, HeaderDataError, WrapStructError, OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(message("io.label_nifti_damaged", name=path.name)) from error
    check_stated(path, None, stated=opened.states_spacing)
    if stored.ndim != 3 or not _are_labels(stored):
        raise InputError(message("io.not_a_label_map", name=path.name))
    record = _recorded_grid(image, path) or _sidecar(path)
    source = CTSource(storage_axes=record.storage_axes if record else nearest_axes(image.affine))
    labels = np.ascontiguousarray(from_storage_order(stored, source), dtype=np.uint8)
    shape = (labels.shape[0], labels.shape[1], labels.shape[2])
    affine = image.affine[:, [*reversed(source.storage_axes), 3]]
    if record is not None and record.shape == shape:
        grid = record.grid()
        if same_place(affine, grid.nearest_affine_ras, shape):
            return LabelFile(LabelMap(labels, grid), ())
    grid = SliceGrid.from_affine(affine, shape)
    if image.header["descrip"].tobytes().rstrip(b"\0") == _EVEN:
        return LabelFile(LabelMap(labels, grid), ())
    return LabelFile(LabelMap(labels, grid), (warn_even_steps(grid, path.name),))


def _are_labels(stored: np.ndarray) -> bool:
    highest = max(row.label for row in load_terminology().classes)
    if stored.dtype.kind == "f" and not np.array_equal(stored, np.round(stored)):
        return False
    return bool(stored.min(initial=0) >= 0 and stored.max(initial=0) <= highest)


def _recorded_grid(image: Any, path: Path) -> GridRecord | None:
    """Return the grid in a file of :func:`labels_nifti_header`; None in other files."""
    text = nifti_comment(image, _GRID_PREFIX)
    if text is None:
        return None
    stated, _, content = text.partition(b" ")
    record = parse_grid_record(content)
    if record is None or stated.decode(errors="replace") != checksum(content.decode(errors="replace")):
        raise InputError(message("io.label_grid_damaged", name=path.name))
    return record


def _sidecar(path: Path) -> GridRecord | None:
    with contextlib.suppress(OSError):
        return parse_grid_record(sidecar_path(path).read_bytes())
    return None
