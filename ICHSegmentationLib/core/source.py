# SPDX-License-Identifier: Apache-2.0
"""Where a volume came from, and how to write something back on the input's own grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

SourceKind = Literal["dicom", "nifti", "nrrd", "mha", "array"]

_AXIS_ORDERS = ((2, 1, 0), (2, 0, 1), (1, 2, 0), (1, 0, 2), (0, 2, 1), (0, 1, 2))


@dataclass(frozen=True, eq=False)
class CTSource:
    """The files that a volume was read from.

    Attributes
    ----------
    kind : str
        "dicom", "nifti", "nrrd", "mha", or "array" for a volume made in memory.
    files : tuple of Path
        For DICOM the file of each slice, in slice order (a multi-frame file is repeated); else the one file.
    frames : tuple of int
        For multi-frame DICOM the 1-based frame number of each slice (as ReferencedFrameNumber); else empty.
    storage_axes : tuple of int
        The volume is the file's array, indexed (i, j, k) as its affine says, transposed by these axes.
    file_affine : numpy.ndarray or None
        (4, 4) from the file's own (i, j, k) to RAS mm; None for DICOM.
    series_uid : str or None
        SeriesInstanceUID (0020,000E).
    tags : dict
        What a report or a warning may use of the header: kernel, contrast, manufacturer and the like. No patient data.
    """

    kind: SourceKind = "array"
    files: tuple[Path, ...] = ()
    frames: tuple[int, ...] = ()
    storage_axes: tuple[int, int, int] = (0, 1, 2)
    file_affine: np.ndarray | None = None
    series_uid: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


def nearest_axes(affine_ras: np.ndarray) -> tuple[int, int, int]:
    """Return which of a file's (i, j, k) axes are slices, rows and columns: those nearest to S-I, A-P and L-R."""
    directions = np.abs(affine_ras[:3, :3] / np.linalg.norm(affine_ras[:3, :3], axis=0))
    nearness = {axes: directions[2, axes[0]] + directions[1, axes[1]] + directions[0, axes[2]] for axes in _AXIS_ORDERS}
    return max(nearness, key=nearness.__getitem__)


def to_storage_order(array: np.ndarray, source: CTSource) -> np.ndarray:
    """Return a (slices, rows, columns) array in the axis order of the file it belongs to, to be written beside it.

    Axes are only exchanged, never flipped; the result goes with ``source.file_affine``.
    """
    return np.transpose(array, np.argsort(source.storage_axes))


def from_storage_order(array: np.ndarray, source: CTSource) -> np.ndarray:
    """Return a file's (i, j, k) array as (slices, rows, columns): the inverse of :func:`to_storage_order`."""
    return np.transpose(array, source.storage_axes)
