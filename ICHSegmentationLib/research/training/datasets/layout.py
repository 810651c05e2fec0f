# SPDX-License-Identifier: Apache-2.0
"""Find and read the files of a data set; errors name what is missing."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.source import from_storage_order
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.damage import damage_named

_NIFTI = (".nii.gz", ".nii")
_SAME_MM = 0.1


def folder_with(source: Path, parts: Sequence[str], *, inside: Sequence[str] = ()) -> Path:
    """Return the first of ``source`` and its subfolders ``inside`` that holds all parts.

    Raises
    ------
    InputError
        If there is none; names the parts missing in ``source``.
    """
    for folder in (source, *(source / name for name in inside)):
        if all((folder / part).exists() for part in parts):
            return folder
    lacking = [part for part in parts if not (source / part).exists()]
    raise InputError(message("research.parts_missing", folder=source, parts=" and no ".join(lacking)))


def paired_files(images: Path, masks: Path) -> dict[str, tuple[Path, Path]]:
    """Return image and mask files by their common name without the NIfTI suffix.

    Raises
    ------
    InputError
        If there is no image, or one has no mask.
    """
    pairs = {}
    by_name = {name: path for path in sorted(masks.iterdir()) if (name := _name_of(path))}
    for image in sorted(images.iterdir()):
        name = _name_of(image)
        if name is None:
            continue
        if name not in by_name:
            raise InputError(message("research.no_mask", folder=masks, image=image.name))
        pairs[name] = (image, by_name[name])
    if not pairs:
        raise InputError(message("research.no_nifti", folder=images))
    return pairs


def read_mask(path: Path, volume: CTVolume) -> tuple[np.ndarray, Counter[str]]:
    """Read a mask onto the slices of its scan, matching voxel indices as the programs of the data sets do.

    Returns
    -------
    numpy.ndarray
        (slices, rows, columns), values of the file.
    Counter
        ``masks_with_another_affine`` is 1 if the affine of the mask differs from that of the scan.

    Raises
    ------
    InputError
        If the file cannot be read, has another shape than the scan or holds fractions.
    """
    with damage_named(path, "NIfTI"):
        image = nibabel.Nifti1Image.from_filename(path)
        stored = np.asanyarray(image.dataobj)
    while stored.ndim > 3 and stored.shape[-1] == 1:
        stored = stored[..., 0]
    if stored.ndim != 3 or from_storage_order(stored, volume.source).shape != volume.grid.shape:
        raise InputError(message("research.mask_shape", path=path, shape=stored.shape))
    if stored.dtype.kind == "f" and not np.array_equal(stored, np.round(stored)):
        raise InputError(message("research.mask_of_fractions", path=path))
    affine = volume.source.file_affine
    moved = affine is not None and not np.allclose(image.affine, affine, atol=_SAME_MM)
    return from_storage_order(stored, volume.source), Counter(masks_with_another_affine=int(moved))


def read_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Read a table with a header line.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # some tables begin with a byte order mark
            reader = csv.DictReader(file, skipinitialspace=True)
            names = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = names
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(message("research.table_unreadable", path=path)) from error
    lacking = [column for column in columns if column not in names]
    if lacking:
        raise InputError(message("research.no_column", path=path, column=lacking[0]))
    return rows


def whole_number(row: dict[str, str], column: str, path: Path, line: int) -> int:
    """Return the whole number in a cell.

    Raises
    ------
    InputError
        If it is not a whole number; names file, line and column.
    """
    try:
        value = float(row[column])
        if value.is_integer():
            return int(value)
    except (TypeError, ValueError):
        pass
    raise InputError(message("research.not_a_whole_number", path=path, line=line, column=column))


def _name_of(path: Path) -> str | None:
    if path.name.startswith("."):
        return None
    suffix = next((suffix for suffix in _NIFTI if path.name.lower().endswith(suffix)), None)
    return path.name[: -len(suffix)] if suffix else None
