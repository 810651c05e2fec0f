# SPDX-License-Identifier: Apache-2.0
"""CT volumes: HU on the source slices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.source import CTSource

PADDING_HU = -1024


@dataclass(frozen=True, eq=False)
class CTVolume:
    """Array of HU together with its slice grid.

    Attributes
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) int16, HU; padding is -1024.
    grid : SliceGrid
        Slice grid of the array.
    source : CTSource
        Files that it was read from.
    warnings : tuple of str
        Warnings of the reader, one sentence each.

    Raises
    ------
    ValueError
        If the array is not int16 or its shape differs from the grid's.
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

    def read_only(self) -> Self:
        """Return the volume with a read-only view of its array, so that what depends on it alone is computed once."""
        if not self.hu.flags.writeable:
            return self
        hu = self.hu.view()
        hu.flags.writeable = False
        return replace(self, hu=hu)
