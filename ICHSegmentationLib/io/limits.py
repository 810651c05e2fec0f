# SPDX-License-Identifier: Apache-2.0
"""The largest scan that is read. Larger ones are refused from their headers, before memory or time is spent on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid

MAXIMUM_SLICES = 2000
MAXIMUM_BYTES = 2 << 30
"""Of the voxels as int16."""
MAXIMUM_LENGTH_MM = 2000.0
"""Of the stack; the table of a scanner does not move further."""
MAXIMUM_POSITION_MM = 1e5
SPACING_RANGE_MM = (0.01, 50.0)
_VOXEL_BYTES = 2


def check_shape(path: Path, shape: Sequence[int]) -> None:
    """Refuse an array that is too large.

    Parameters
    ----------
    path : Path
        The file, for the message.
    shape : sequence of int
        Number of voxels along each axis, in any order.

    Raises
    ------
    InputError
        If the voxels, as int16, need more than 2 GiB.
    """
    size = math.prod(int(length) for length in shape)
    if size * _VOXEL_BYTES > MAXIMUM_BYTES:
        sizes = " x ".join(str(int(length)) for length in shape)
        raise InputError(message("io.too_many_voxels", path=path, sizes=sizes, limit_gib=MAXIMUM_BYTES >> 30))


def check_surplus(path: Path, shape: Sequence[int], stated_bytes: int, held_bytes: int) -> None:
    """Refuse a file that holds a whole slice more than its header states; a few bytes behind the voxels do no harm.

    Parameters
    ----------
    path : Path
        The file, for the message.
    shape : sequence of int
        Number of voxels along each axis as the header states it, the last one varying slowest.
    stated_bytes, held_bytes : int
        Of the voxels by the header, and from the first voxel to the end of the file (unpacked).

    Raises
    ------
    InputError
        If there is a slice or more behind the stated voxels.
    """
    slices = next((int(length) for length in reversed(shape) if length > 1), 1)
    if held_bytes - stated_bytes >= max(stated_bytes // slices, 1):
        raise InputError(message("io.longer_than_stated", path=path))


def check_slices(path: Path, slices: int) -> None:
    """Refuse a scan of more than 2,000 slices.

    Raises
    ------
    InputError
        If there are more.
    """
    if slices > MAXIMUM_SLICES:
        raise InputError(message("io.too_many_slices", path=path, slices=slices, maximum=MAXIMUM_SLICES))


def check_place(path: Path, positions_mm: np.ndarray, spacing_mm: Sequence[float]) -> None:
    """Refuse positions and pixel spacings that no scanner writes.

    Parameters
    ----------
    path : Path
        The file, for the message.
    positions_mm : numpy.ndarray
        (..., 3) mm.
    spacing_mm : sequence of float
        Distances between the pixels in mm.

    Raises
    ------
    InputError
        If a coordinate is more than 100 m from the origin, or a spacing is not within 0.01 to 50 mm.
    """
    if not (np.abs(positions_mm) <= MAXIMUM_POSITION_MM).all():
        raise InputError(message("io.position_out_of_range", path=path))
    low, high = SPACING_RANGE_MM
    if not all(low <= spacing <= high for spacing in spacing_mm):
        raise InputError(message("io.spacing_out_of_range", path=path, low=low, high=high))


def check_length(path: Path, grid: SliceGrid) -> None:
    """Refuse a stack that is longer than a scanner's table moves.

    Raises
    ------
    InputError
        If its slices lie more than 2 m apart.
    """
    length_mm = float(np.ptp(grid.positions_mm @ grid.normal))
    if length_mm > MAXIMUM_LENGTH_MM:
        raise InputError(message("io.stack_too_long", path=path, length_mm=length_mm, maximum_mm=MAXIMUM_LENGTH_MM))
