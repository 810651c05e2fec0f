# SPDX-License-Identifier: Apache-2.0
"""A coarse copy of a scan on equal cubes along the patient's axes, which every registration program understands."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.registration.sampling import values_at

if TYPE_CHECKING:
    from ICHSegmentationLib.core.volume import CTVolume

SIDE_MM = 3.0
RANGE_HU = (-200.0, 300.0)
"""Air to bone: within, brain still differs from fluid; above, metal and teeth would outweigh the head."""
_TISSUE_HU = -150.0
_DETACH_VOXELS = 2


@dataclass(frozen=True, eq=False)
class IsotropicScan:
    """HU on cubes, and where the head is.

    Attributes
    ----------
    hu : numpy.ndarray
        (z, y, x) float32, cut to -200 to 300 HU.
    scanned : numpy.ndarray
        (z, y, x) bool: not outside of the stack of slices, which a tilted gantry makes a sheared box.
    head : numpy.ndarray
        (z, y, x) bool: the largest piece of tissue without what it rests on, filled, with a rim of air.
    origin_mm : numpy.ndarray
        (3,) LPS mm of the first voxel's centre; axes are L, P and S.
    """

    hu: np.ndarray
    scanned: np.ndarray
    head: np.ndarray
    origin_mm: np.ndarray

    @classmethod
    def of(cls, volume: CTVolume) -> IsotropicScan:
        """Resample a scan on its true grid."""
        hu, grid = _thinned(volume)
        ends = ((0, grid.shape[1] - 1), (0, grid.shape[2] - 1))
        points = grid.points_mm(np.array(list(itertools.product(range(grid.shape[0]), *ends))))
        first, last = points.min(axis=0), points.max(axis=0)
        axes = [np.arange(low, high + SIDE_MM / 2, SIDE_MM) for low, high in zip(first, last, strict=True)]
        cubes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).transpose(2, 1, 0, 3)
        sampled = values_at(hu, grid, cubes, outside=np.nan)
        scanned = ~np.isnan(sampled)
        sampled[~scanned] = RANGE_HU[0]
        return cls(sampled, scanned, _head(sampled) & scanned, first)


def _thinned(volume: CTVolume) -> tuple[np.ndarray, SliceGrid]:
    """Return means over blocks of pixels of about the side of a cube, and their grid."""
    grid = volume.grid
    down, right = (max(round(SIDE_MM / size), 1) for size in grid.spacing_mm)
    rows, columns = grid.shape[1] // down, grid.shape[2] // right
    hu = np.empty((grid.shape[0], rows, columns), dtype=np.float32)
    for thin, plane in zip(hu, volume.hu, strict=True):
        whole = np.clip(plane[: rows * down, : columns * right].astype(np.float32), *RANGE_HU)
        thin[:] = whole.reshape(rows, down, columns, right).mean(axis=(1, 3))
    middle = np.array([0, (down - 1) / 2, (right - 1) / 2])
    shift = grid.points_mm(middle) - grid.positions_mm[0]
    spacing = (grid.spacing_mm[0] * down, grid.spacing_mm[1] * right)
    return hu, SliceGrid(hu.shape, grid.positions_mm + shift, grid.orientation, spacing)


def _head(hu: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    core = ndimage.binary_erosion(hu > _TISSUE_HU, iterations=_DETACH_VOXELS)
    pieces, count = ndimage.label(core)
    if count == 0:
        return np.ones(hu.shape, dtype=bool)
    largest = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    return ndimage.binary_fill_holes(ndimage.binary_dilation(largest, iterations=_DETACH_VOXELS + 2))
