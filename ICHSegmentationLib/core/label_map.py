# SPDX-License-Identifier: Apache-2.0
"""Label maps: one label for each voxel of the source slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Subtype labels on the source slices.

    Attributes
    ----------
    labels : numpy.ndarray
        (slices, rows, columns) uint8: 0 is background, 1 to 5 are the labels of
        :mod:`ICHSegmentationLib.core.subtypes`, 6 is hemorrhage of unknown subtype.
    grid : SliceGrid
        Slice grid of the labels.

    Raises
    ------
    ValueError
        If the array is not uint8 or its shape differs from the grid's.
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
