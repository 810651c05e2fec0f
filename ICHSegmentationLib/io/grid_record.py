# SPDX-License-Identifier: Apache-2.0
"""A slice grid as JSON, for file formats whose affine cannot hold uneven or bent stacks of slices."""

from __future__ import annotations

import hashlib

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.core.scan.grid import SliceGrid

Row = tuple[float, float, float, float]


class GridRecord(BaseModel):
    """The exact grid beside a file's nearest affine.

    Attributes
    ----------
    shape : tuple of int
        (slices, rows, columns).
    slice_axis : int
        Axis of the file's own (i, j, k) array that runs across the slices; row_axis and column_axis likewise.
    slice_positions_lps_mm : list
        Centre of the first pixel of each slice (ImagePositionPatient).
    orientation_lps : list
        Unit vectors along increasing column and row index (ImageOrientationPatient).
    spacing_mm : tuple of float
        Between rows, between columns (PixelSpacing).
    affine_ras : tuple or None
        (4, 4) from (column, row, slice) index to RAS mm where the labels lie on another even lattice than the grid's
        nearest affine, as in 3D Slicer, which bends such a lattice with a transform.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: int = Field(default=1, alias="schema")
    shape: tuple[int, int, int]
    slice_axis: int = Field(default=2, ge=0, le=2)
    row_axis: int = Field(default=1, ge=0, le=2)
    column_axis: int = Field(default=0, ge=0, le=2)
    slice_positions_lps_mm: list[tuple[float, float, float]]
    orientation_lps: tuple[tuple[float, float, float], tuple[float, float, float]]
    spacing_mm: tuple[float, float]
    affine_ras: tuple[Row, Row, Row, Row] | None = None

    @classmethod
    def of(
        cls, grid: SliceGrid, storage_axes: tuple[int, int, int] = (2, 1, 0), *, affine_ras: np.ndarray | None = None
    ) -> GridRecord:
        """Record a grid whose (slices, rows, columns) are these axes of the file's own (i, j, k) array."""
        return cls(
            shape=grid.shape,
            slice_axis=storage_axes[0],
            row_axis=storage_axes[1],
            column_axis=storage_axes[2],
            slice_positions_lps_mm=grid.positions_mm.tolist(),
            orientation_lps=grid.orientation.tolist(),
            spacing_mm=grid.spacing_mm,
            affine_ras=None if affine_ras is None else affine_ras.tolist(),
        )

    @property
    def storage_axes(self) -> tuple[int, int, int]:
        """Axes of the file's own (i, j, k) array that are slices, rows, columns."""
        return self.slice_axis, self.row_axis, self.column_axis

    @property
    def lattice_ras(self) -> np.ndarray:
        """(4, 4) from (column, row, slice) index to RAS mm of the even lattice that the labels are stored on."""
        return self.grid().nearest_affine_ras if self.affine_ras is None else np.array(self.affine_ras)

    def grid(self) -> SliceGrid:
        """Return the grid.

        Raises
        ------
        ValueError
            If the numbers do not make a grid.
        """
        orientation = np.array(self.orientation_lps)
        return SliceGrid(self.shape, np.array(self.slice_positions_lps_mm), orientation, self.spacing_mm)

    def to_json(self) -> str:
        """Return the record on one line."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


def checksum(text: str) -> str:
    """Return the SHA-256 of a record's text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse_grid_record(text: str | bytes) -> GridRecord | None:
    """Return the record, or None where the text is not one."""
    try:
        record = GridRecord.model_validate_json(text)
        record.grid()
    except (ValidationError, ValueError):
        return None
    return record
