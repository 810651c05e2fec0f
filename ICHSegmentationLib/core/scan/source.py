# SPDX-License-Identifier: Apache-2.0
"""Source files of a CT volume, and conversion between its axis order and that of the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

SourceKind = Literal["dicom", "nifti", "nrrd", "mha", "array"]

_AXIS_ORDERS = ((2, 1, 0), (2, 0, 1), (1, 2, 0), (1, 0, 2), (0, 2, 1), (0, 1, 2))


@dataclass(frozen=True, eq=False)
class CTSource:
    """Files that a CT volume was read from.

    Attributes
    ----------
    kind : str
        "dicom", "nifti", "nrrd", "mha", or "array" for a CT volume made in memory.
    files : tuple of Path
        For DICOM the file of each slice in slice order, where a multi-frame file is repeated; else the single file.
    frames : tuple of int
        For multi-frame DICOM the frame number of each slice, counted from 1 as in ReferencedFrameNumber (0008,1160);
        else empty.
    storage_axes : tuple of int
        Axes that transpose the (i, j, k) array of the file to (slices, rows, columns).
    file_affine : numpy.ndarray or None
        (4, 4) from (i, j, k) of the file to RAS mm; None for DICOM.
    series_uid : str or None
        SeriesInstanceUID (0020,000E).
    tags : dict
        Header values for reports and warnings, such as kernel, contrast and manufacturer; no patient data.
    """

    kind: SourceKind = "array"
    files: tuple[Path, ...] = ()
    frames: tuple[int, ...] = ()
    storage_axes: tuple[int, int, int] = (0, 1, 2)
    file_affine: np.ndarray | None = None
    series_uid: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


def nearest_axes(affine_ras: np.ndarray) -> tuple[int, int, int]:
    """Return the (i, j, k) axes of a file that are nearest to S-I, A-P and L-R: its slices, rows and columns."""
    directions = np.abs(affine_ras[:3, :3] / np.linalg.norm(affine_ras[:3, :3], axis=0))
    nearness = {axes: directions[2, axes[0]] + directions[1, axes[1]] + directions[0, axes[2]] for axes in _AXIS_ORDERS}
    return max(nearness, key=nearness.__getitem__)


def to_storage_order(array: np.ndarray, source: CTSource) -> np.ndarray:
    """Return a (slices, rows, columns) array in the axis order of the source file.

    Axes are permuted, never flipped, so that ``source.file_affine`` holds for the result.
    """
    return np.transpose(array, np.argsort(source.storage_axes))


def from_storage_order(array: np.ndarray, source: CTSource) -> np.ndarray:
    """Return a file's (i, j, k) array as (slices, rows, columns): the inverse of :func:`to_storage_order`."""
    return np.transpose(array, source.storage_axes)
