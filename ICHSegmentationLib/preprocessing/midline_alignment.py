# SPDX-License-Identifier: Apache-2.0
"""Midline alignment: in-plane rotation and shift that bring the midline to the middle of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane, find_midsagittal_plane

_MAX_TURN_DEG = 50.0  # without a warning; the search ends at 60


@dataclass(frozen=True, eq=False)
class MidlineAlignment:
    """Square images whose middle column is the intersection of the midsagittal plane and the slice.

    If the head leans to the side, each slice has its own shift.

    Attributes
    ----------
    plane : MidsagittalPlane
        Midsagittal plane, in mm from the first voxel of the grid of slices that it was found on.
    pixel_mm : float
        Pixel size of the images.
    size_px : int
        Number of rows and of columns of the images.
    """

    plane: MidsagittalPlane
    pixel_mm: float
    size_px: int

    @classmethod
    def of(cls, planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float) -> MidlineAlignment:
        """Find the alignment of (slices, H, W) canonical slices in [0, 1]; see `find_midsagittal_plane`."""
        return cls(find_midsagittal_plane(planes, slices_mm, pixel_mm), pixel_mm, max(planes.shape[1:]))

    @property
    def warning(self) -> str:
        """Warning about a doubtful midline, or an empty string."""
        if abs(self.plane.turn_deg) <= _MAX_TURN_DEG:
            return ""
        return message("preprocessing.doubtful_midline", turn_deg=abs(self.plane.turn_deg))

    def grid_mm(self, height_mm: float) -> np.ndarray:
        """Return the positions of the image pixels of a slice on the grid.

        Parameters
        ----------
        height_mm : float
            Height of the slice above the first one of the grid.

        Returns
        -------
        numpy.ndarray
            (2, size_px, size_px) positions along the rows and columns of the grid, mm.
        """
        along = (np.arange(self.size_px) - (self.size_px - 1) / 2) * self.pixel_mm
        offsets = np.stack(np.broadcast_arrays(along[:, None], along[None]))
        return np.tensordot(self._rotation, offsets, axes=1) + self._middle_mm(height_mm)[:, None, None]

    def pixels_at(self, rows_mm: np.ndarray, columns_mm: np.ndarray, height_mm: float) -> np.ndarray:
        """Return the fractional image pixels at positions on the grid, the inverse of `grid_mm`.

        Parameters
        ----------
        rows_mm, columns_mm : numpy.ndarray
            (m,) and (n,) positions along the rows and columns of the grid.
        height_mm : float
            Height of the slice above the first one of the grid.

        Returns
        -------
        numpy.ndarray
            (2, m, n) fractional rows and columns of the image.
        """
        row_mm, column_mm = self._middle_mm(height_mm)
        offsets = np.stack(np.broadcast_arrays((rows_mm - row_mm)[:, None], (columns_mm - column_mm)[None]))
        return np.tensordot(self._rotation.T, offsets, axes=1) / self.pixel_mm + (self.size_px - 1) / 2

    @property
    def _rotation(self) -> np.ndarray:
        """(2, 2) rotation from rows and columns of the image to those of the grid."""
        turn = np.deg2rad(self.plane.turn_deg)
        return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    def _middle_mm(self, height_mm: float) -> np.ndarray:
        """Return row and column, in mm, of the centre of the image: the centre of the grid moved to the midline."""
        column_mm, row_mm, middle_height_mm = self.plane.centre_mm
        lean = np.deg2rad(self.plane.lean_deg)
        across_mm = (self.plane.shift_mm + np.sin(lean) * (height_mm - middle_height_mm)) / np.cos(lean)
        middle: np.ndarray = np.array([row_mm, column_mm]) + across_mm * self._rotation[:, 1]
        return middle
