# SPDX-License-Identifier: Apache-2.0
"""What lies opposite each voxel of a head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class OppositePoints:
    """A mirroring of space, in mm along canonical columns, rows and slices from the first voxel.

    Attributes
    ----------
    matrix : numpy.ndarray
        (3, 3) a reflection, or one with a rotation.
    shift_mm : numpy.ndarray
        (3,) added after it.
    """

    matrix: np.ndarray
    shift_mm: np.ndarray

    def of(self, points: np.ndarray) -> np.ndarray:
        """Return what lies opposite (3, ...) points."""
        return np.tensordot(self.matrix, points, axes=1) + self.shift_mm.reshape(-1, *[1] * (points.ndim - 1))

    def sample(self, planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float) -> np.ndarray:
        """Sample what lies opposite each voxel.

        Parameters
        ----------
        planes : numpy.ndarray
            (slices, H, W) float32 on the grid that the mirroring was found on.
        slices_mm : numpy.ndarray
            (slices,) ascending positions, uneven where slices are.
        pixel_mm : float
            Size of the square pixels.

        Returns
        -------
        numpy.ndarray
            (slices, H, W) float32, linear interpolation; 0 where the opposite side is outside the volume.
        """
        heights = slices_mm - slices_mm[0]
        numbers = np.arange(len(heights), dtype=float)
        y, x = np.mgrid[: planes.shape[1], : planes.shape[2]] * pixel_mm
        result = np.empty(planes.shape, dtype=np.float32)
        for number, height in enumerate(heights):
            opposite = self.of(np.stack([x, y, np.full_like(x, height)]))
            # A little beyond the first and last slice the nearest one stands for what was not scanned.
            at = [np.interp(opposite[2], heights, numbers), opposite[1] / pixel_mm, opposite[0] / pixel_mm]
            result[number] = ndimage.map_coordinates(planes, at, order=1, cval=0.0)
        return result
