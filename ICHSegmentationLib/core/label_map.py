# SPDX-License-Identifier: Apache-2.0
"""The result of every system: one label per voxel on the source slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.messages import message


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Labels on the source slices; a voxel has one subtype or none.

    Attributes
    ----------
    labels : numpy.ndarray
        (slices, rows, columns) uint8: 0 background, else the label of :mod:`ICHSegmentationLib.core.subtypes`, or 6 for
        hemorrhage whose subtype is not given.
    grid : SliceGrid
        Where the slices lie.

    Raises
    ------
    ValueError
        If the array is not uint8 or does not have the grid's shape.
    """

    labels: np.ndarray
    grid: SliceGrid

    def __post_init__(self) -> None:
        """Check the array against the grid."""
        if self.labels.dtype != np.uint8 or self.labels.shape != self.grid.shape:
            raise ValueError(
                message(
                    "core.label_map_shape",
                    expected=self.grid.shape,
                    dtype=self.labels.dtype,
                    shape=self.labels.shape,
                )
            )
