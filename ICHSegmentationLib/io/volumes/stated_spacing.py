# SPDX-License-Identifier: Apache-2.0
"""The size of voxels where a file does not state it: never guessed, given by the user."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.limits import SPACING_RANGE_MM

Spacing = tuple[float, float, float]


def check_stated(path: Path, given_mm: Spacing | None, *, stated: bool) -> None:
    """Refuse a file whose voxels have no known size, or a size from the user that the file states itself.

    Parameters
    ----------
    path : Path
        The file.
    given_mm : tuple of float or None
        Size of a voxel along the file's first, second and third axis, from the user.
    stated : bool
        Whether the file states it.

    Raises
    ------
    InputError
        If neither or both state it, or the user's is not within 0.01 to 50 mm.
    """
    if given_mm is None:
        if not stated:
            raise InputError(message("io.no_spacing", path=path))
        return
    if stated:
        raise InputError(message("io.spacing_is_stated", path=path))
    low, high = SPACING_RANGE_MM
    if not all(low <= value <= high for value in given_mm):
        raise InputError(message("io.given_spacing_out_of_range", low=low, high=high))
