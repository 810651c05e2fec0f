# SPDX-License-Identifier: Apache-2.0
"""What reading a written segmentation gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap

_SAME_MM = 0.05

ASSUMES_EVEN_STEPS = (
    "{name} says nothing of its slice positions, so equal steps of {step:.2f} mm are assumed; "
    "give the source scan if its steps vary."
)


class LabelFile(NamedTuple):
    """A label map with what had to be assumed to read it, one sentence each."""

    label_map: LabelMap
    warnings: tuple[str, ...]


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
