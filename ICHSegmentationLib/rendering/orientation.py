# SPDX-License-Identifier: Apache-2.0
"""Orientation of slices on the screen: radiological convention, computed from the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.scan.grid import SliceGrid

_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))


@dataclass(frozen=True)
class DisplayOrientation:
    """Transposition and flips that show a (rows, columns) slice in radiological convention.

    On axial slices the patient's right is on the left and anterior is up; on coronal ones right is on the left and
    superior up; on sagittal ones anterior is on the left and superior up.

    Attributes
    ----------
    transpose : bool
        Exchange rows and columns, before the flips.
    flip_rows, flip_columns : bool
        Reverse the order of rows, of columns.
    left, right, top, bottom : str
        Side of the patient (R, L, A, P, S, I) at that edge of the screen.
    pixel_mm : tuple of float
        Distance of rows and of columns on the screen.
    """

    transpose: bool
    flip_rows: bool
    flip_columns: bool
    left: str
    right: str
    top: str
    bottom: str
    pixel_mm: tuple[float, float]

    @classmethod
    def of(cls, grid: SliceGrid) -> DisplayOrientation:
        """Return the orientation for the slices of a grid."""
        across = int(np.argmax(np.abs(grid.normal)))
        # Screen right is +L (sagittal slices: +P), screen down is +P (coronal and sagittal slices: -S).
        right_axis = 1 if across == 0 else 0
        down_axis, down_sign = (1, 1.0) if across == 2 else (2, -1.0)
        columns, rows = grid.orientation
        transpose = bool(abs(rows[right_axis]) > abs(columns[right_axis]))
        row_mm, column_mm = grid.spacing_mm
        if transpose:
            columns, rows = rows, columns
            row_mm, column_mm = column_mm, row_mm
        first, second = _LETTERS[right_axis], _LETTERS[down_axis]
        return cls(
            transpose=transpose,
            flip_rows=bool(rows[down_axis] * down_sign < 0),
            flip_columns=bool(columns[right_axis] < 0),
            left=first[1],
            right=first[0],
            top=second[1] if down_sign > 0 else second[0],
            bottom=second[0] if down_sign > 0 else second[1],
            pixel_mm=(row_mm, column_mm),
        )

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Return a (..., rows, columns) array in the orientation of the screen."""
        if self.transpose:
            image = np.swapaxes(image, -1, -2)
        if self.flip_rows:
            image = image[..., ::-1, :]
        return image[..., ::-1] if self.flip_columns else image
