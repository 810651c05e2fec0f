# SPDX-License-Identifier: Apache-2.0
"""A head set upright: turned and shifted in its slices so that the midline stands in the middle of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane, find_midsagittal_plane

_DOUBTFUL_DEG = 50.0  # the search ends at 60


@dataclass(frozen=True, eq=False)
class MidlineAlignment:
    """Square images whose middle column is the line in which the midsagittal plane cuts each slice.

    A head that leans to the side is cut along a line that moves from slice to slice; each slice is shifted by its own.

    Attributes
    ----------
    plane : MidsagittalPlane
        Found on a grid of slices; positions in mm count from the first voxel of that grid.
    pixel_mm : float
        Pixel size of the images.
    size_px : int
        Their rows and columns.
    """

    plane: MidsagittalPlane
    pixel_mm: float
    size_px: int

    @classmethod
    def of(cls, planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float) -> MidlineAlignment:
        """Find the plane of (slices, H, W) canonical slices in [0, 1]; see `find_midsagittal_plane`."""
        return cls(find_midsagittal_plane(planes, slices_mm, pixel_mm), pixel_mm, max(planes.shape[1:]))

    @property
    def warning(self) -> str:
        """Warning about a doubtful midline; empty where there is none."""
        if abs(self.plane.turn_deg) <= _DOUBTFUL_DEG:
            return ""
        return message("preprocessing.doubtful_midline", turn_deg=abs(self.plane.turn_deg))

    def grid_mm(self, height_mm: float) -> np.ndarray:
        """Return where the pixels of the image of a slice lie.

        Parameters
        ----------
        height_mm : float
            Place of the slice above the first one of the grid.

        Returns
        -------
        numpy.ndarray
            (2, size_px, size_px) rows and columns on the grid, mm.
        """
        along = (np.arange(self.size_px) - (self.size_px - 1) / 2) * self.pixel_mm
        offsets = np.stack(np.broadcast_arrays(along[:, None], along[None]))
        return np.tensordot(self._turn, offsets, axes=1) + self._middle_mm(height_mm)[:, None, None]

    def pixels_at(self, rows_mm: np.ndarray, columns_mm: np.ndarray, height_mm: float) -> np.ndarray:
        """Return which pixels of the image of a slice lie at places on the grid.

        Parameters
        ----------
        rows_mm, columns_mm : numpy.ndarray
            (m,) and (n,) places on the grid.
        height_mm : float
            Place of the slice above the first one of the grid.

        Returns
        -------
        numpy.ndarray
            (2, m, n) rows and columns of the image, with fractions.
        """
        row_mm, column_mm = self._middle_mm(height_mm)
        offsets = np.stack(np.broadcast_arrays((rows_mm - row_mm)[:, None], (columns_mm - column_mm)[None]))
        return np.tensordot(self._turn.T, offsets, axes=1) / self.pixel_mm + (self.size_px - 1) / 2

    @property
    def _turn(self) -> np.ndarray:
        """(2, 2): down and to the right in the image, as rows and columns of the grid."""
        turn = np.deg2rad(self.plane.turn_deg)
        return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    def _middle_mm(self, height_mm: float) -> np.ndarray:
        """Row and column of the image's middle: the grid's middle moved across onto the midline."""
        column_mm, row_mm, middle_height_mm = self.plane.centre_mm
        lean = np.deg2rad(self.plane.lean_deg)
        across_mm = (self.plane.shift_mm + np.sin(lean) * (height_mm - middle_height_mm)) / np.cos(lean)
        middle: np.ndarray = np.array([row_mm, column_mm]) + across_mm * self._turn[:, 1]
        return middle
