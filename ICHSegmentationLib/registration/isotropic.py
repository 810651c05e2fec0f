# SPDX-License-Identifier: Apache-2.0
"""Resampling of a scan to isotropic voxels along the axes of the patient."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.registration.sampling import values_at

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume

SIDE_MM = 3.0
RANGE_HU = (-200.0, 300.0)
"""Range to which HU are clipped, so that metal and teeth do not dominate the correlation."""
_TISSUE_HU = -150.0
_DETACH_VOXELS = 2


@dataclass(frozen=True, eq=False)
class IsotropicScan:
    """HU on isotropic voxels with a mask of the head.

    Attributes
    ----------
    hu : numpy.ndarray
        (z, y, x) float32, HU clipped to -200 to 300.
    scanned : numpy.ndarray
        (z, y, x) bool, True inside the stack of slices, which is sheared if the gantry was tilted.
    head : numpy.ndarray
        (z, y, x) bool, the largest connected component of tissue without the head rest, filled and with a rim of air.
    origin_mm : numpy.ndarray
        (3,) centre of the first voxel, LPS mm; x, y and z run along L, P and S.
    """

    hu: np.ndarray
    scanned: np.ndarray
    head: np.ndarray
    origin_mm: np.ndarray

    @classmethod
    def of(cls, volume: CTVolume) -> IsotropicScan:
        """Resample a scan from its slice grid, which may be tilted and unevenly spaced."""
        hu, grid = _block_means(volume)
        ends = ((0, grid.shape[1] - 1), (0, grid.shape[2] - 1))
        points = grid.points_mm(np.array(list(itertools.product(range(grid.shape[0]), *ends))))
        first, last = points.min(axis=0), points.max(axis=0)
        axes = [np.arange(low, high + SIDE_MM / 2, SIDE_MM) for low, high in zip(first, last, strict=True)]
        centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).transpose(2, 1, 0, 3)
        sampled = values_at(hu, grid, centres, outside=np.nan)
        scanned = ~np.isnan(sampled)
        sampled[~scanned] = RANGE_HU[0]
        return cls(sampled, scanned, _head(sampled) & scanned, first)


def _block_means(volume: CTVolume) -> tuple[np.ndarray, SliceGrid]:
    """Return in-plane means over blocks of pixels of about the size of a voxel, and their slice grid."""
    grid = volume.grid
    down, right = (max(round(SIDE_MM / size), 1) for size in grid.spacing_mm)
    rows, columns = grid.shape[1] // down, grid.shape[2] // right
    hu = np.empty((grid.shape[0], rows, columns), dtype=np.float32)
    for means, plane in zip(hu, volume.hu, strict=True):
        clipped = np.clip(plane[: rows * down, : columns * right].astype(np.float32), *RANGE_HU)
        means[:] = clipped.reshape(rows, down, columns, right).mean(axis=(1, 3))
    centre = np.array([0, (down - 1) / 2, (right - 1) / 2])
    shift = grid.points_mm(centre) - grid.positions_mm[0]
    spacing = (grid.spacing_mm[0] * down, grid.spacing_mm[1] * right)
    return hu, SliceGrid(hu.shape, grid.positions_mm + shift, grid.orientation, spacing)


def _head(hu: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    core = ndimage.binary_erosion(hu > _TISSUE_HU, iterations=_DETACH_VOXELS)
    components, count = ndimage.label(core)
    if count == 0:
        return np.ones(hu.shape, dtype=bool)
    largest = components == np.bincount(components.ravel())[1:].argmax() + 1
    return ndimage.binary_fill_holes(ndimage.binary_dilation(largest, iterations=_DETACH_VOXELS + 2))
