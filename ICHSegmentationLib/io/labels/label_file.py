# SPDX-License-Identifier: Apache-2.0
"""What reading a written segmentation gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.core.scan.grid import SliceGrid

_SAME_MM = 0.05


class LabelFile(NamedTuple):
    """A label map with what had to be assumed to read it, one sentence each."""

    label_map: LabelMap
    warnings: tuple[str, ...]


def warn_even_steps(grid: SliceGrid, name: str) -> Message:
    """Return the warning that equal steps were assumed for a file without slice positions."""
    step_mm = float(grid.steps_mm.mean()) if grid.shape[0] > 1 else 0.0
    return message("io.even_steps_assumed", name=name, step_mm=step_mm)


def same_place(affine_ras: np.ndarray, other_ras: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether two affines put every corner of an image at the same place, within 0.05 mm.

    A program may have resampled or moved a file and carried its recorded grid along; the record is then of no use.

    Parameters
    ----------
    affine_ras, other_ras : numpy.ndarray
        (4, 4) from (column, row, slice) to RAS mm.
    shape : tuple of int
        (slices, rows, columns).
    """
    corners = np.array(np.meshgrid(*([0, size - 1] for size in reversed(shape)))).reshape(3, -1)
    moved = (affine_ras - other_ras) @ np.vstack([corners, np.ones(8)])
    return bool(np.abs(moved).max() <= _SAME_MM)
