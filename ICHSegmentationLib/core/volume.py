# SPDX-License-Identifier: Apache-2.0
"""A head CT in HU on its source slices."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.source import CTSource

PADDING_HU = -1024


@dataclass(frozen=True, eq=False)
class CTVolume:
    """A CT on its source slices.

    Attributes
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) int16, Hounsfield units; padding is set to -1024.
    grid : SliceGrid
        Where the slices lie.
    source : CTSource
        The files it was read from.
    warnings : tuple of str
        What was found and handled on the way, one sentence each.

    Raises
    ------
    ValueError
        If the array is not int16 or does not have the grid's shape.
    """

    hu: np.ndarray
    grid: SliceGrid
    source: CTSource = field(default_factory=CTSource)
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the array against the grid."""
        if self.hu.dtype != np.int16 or self.hu.shape != self.grid.shape:
            raise ValueError(
                message("core.ct_volume_shape", expected=self.grid.shape, dtype=self.hu.dtype, shape=self.hu.shape)
            )
