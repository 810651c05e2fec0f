# SPDX-License-Identifier: Apache-2.0
"""Stacking the slices of one acquisition by position; file names and numbers do not matter."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.io.dicom.slices import MINIMUM_SLICES, DicomSlice
from ICHSegmentationLib.io.dicom.twins import merge_twins
from ICHSegmentationLib.io.limits import check_length, check_shape, check_slices

_SAME_DIRECTION = 2e-3
"""Largest difference of direction cosines within a series: about 0.1 deg, above the rounding of scanners."""


def stack(slices: list[DicomSlice]) -> tuple[list[DicomSlice], SliceGrid, list[str]]:
    """Sort slices along their normal and leave out copies.

    Returns
    -------
    list of DicomSlice
        In the order of increasing position along the normal.
    SliceGrid
        Where they lie.
    list of str
        Warnings about copies and order.

    Raises
    ------
    UnusableSeriesError
        If the slices belong to several scans; see :func:`ICHSegmentationLib.io.dicom.twins.merge_twins`.
    InputError
        If sizes, spacings or orientations differ, fewer than three slices remain, or the stack is too large.
    """
    _check_alike(slices)
    path = slices[0].path
    check_slices(path, len(slices))
    check_shape(path, (len(slices), *slices[0].size))
    orientation = np.median([item.orientation for item in slices], axis=0)
    normal = np.cross(orientation[0], orientation[1])
    normal /= np.linalg.norm(normal)
    numbered = sorted(slices, key=lambda item: item.number or (0, 0))
    # Sorting is stable: of two slices at one place, the one with the lower number comes first and is kept.
    ordered = sorted(numbered, key=lambda item: round(float(item.position_mm @ normal), 3))
    kept, warnings = merge_twins(ordered, normal)
    if len(kept) < MINIMUM_SLICES:
        raise InputError(message("io.too_few_files", path=kept[0].path, slices=len(kept), minimum=MINIMUM_SLICES))
    warnings += _warn_order(kept)
    positions = np.stack([item.position_mm for item in kept])
    grid = SliceGrid((len(kept), *kept[0].size), positions, orientation, kept[0].spacing_mm)
    check_length(path, grid)
    return kept, grid, warnings


def _check_alike(slices: list[DicomSlice]) -> None:
    first = slices[0]
    for item in slices[1:]:
        one, other = first.path.name, item.path.name
        if np.abs(item.orientation - first.orientation).max() > _SAME_DIRECTION:
            raise InputError(message("io.orientations_differ", first=one, second=other))
        if item.size != first.size:
            raise InputError(message("io.sizes_differ", first=one, second=other))
        if not np.allclose(item.spacing_mm, first.spacing_mm, rtol=1e-3):
            raise InputError(message("io.spacings_differ", first=one, second=other))


def _warn_order(kept: list[DicomSlice]) -> list[str]:
    numbers = [item.number for item in kept if item.number is not None]
    if len(numbers) < len(kept) or numbers == sorted(numbers):
        return []
    if numbers == sorted(numbers, reverse=True):
        return [message("io.reversed_order")]
    return [message("io.mixed_order")]
