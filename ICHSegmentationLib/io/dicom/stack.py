# SPDX-License-Identifier: Apache-2.0
"""Stacking the slices of one series by position, whatever their file names and numbers say."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.dicom.series import MINIMUM_SLICES
from ICHSegmentationLib.io.dicom.slices import DicomSlice

_SAME_DIRECTION = 2e-3
"""Largest difference of direction cosines within a series: about 0.1 deg, above the rounding of scanners."""
_SAME_PLACE_MM = 0.01


def stack(slices: list[DicomSlice]) -> tuple[list[DicomSlice], SliceGrid, list[str]]:
    """Sort slices along their normal and drop duplicates.

    Returns
    -------
    list of DicomSlice
        In the order of increasing position along the normal.
    SliceGrid
        Where they lie.
    list of str
        Warnings about duplicates and order.

    Raises
    ------
    InputError
        If sizes, spacings or orientations differ, or fewer than three slices remain.
    """
    _check_alike(slices)
    orientation = np.median([item.orientation for item in slices], axis=0)
    normal = np.cross(orientation[0], orientation[1])
    numbered = sorted(slices, key=lambda item: item.number or (0, 0))
    # Sorting is stable: of two slices at one place, the one with the lower number comes first and is kept.
    ordered = sorted(numbered, key=lambda item: round(float(item.position_mm @ normal), 3))
    kept, warnings = _drop_duplicates(ordered, normal)
    if len(kept) < MINIMUM_SLICES:
        raise InputError(message("io.too_few_files", path=kept[0].path, slices=len(kept), minimum=MINIMUM_SLICES))
    warnings += _warn_order(kept)
    positions = np.stack([item.position_mm for item in kept])
    grid = SliceGrid((len(kept), *kept[0].size), positions, orientation, kept[0].spacing_mm)
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


def _drop_duplicates(ordered: list[DicomSlice], normal: np.ndarray) -> tuple[list[DicomSlice], list[str]]:
    kept = [ordered[0]]
    dropped, changed = 0, 0
    for item in ordered[1:]:
        offset = item.position_mm - kept[-1].position_mm
        if abs(float(offset @ normal)) > _SAME_PLACE_MM:
            kept.append(item)
        elif np.linalg.norm(offset) > 10 * _SAME_PLACE_MM:
            raise InputError(message("io.shifted_in_plane", first=kept[-1].path.name, second=item.path.name))
        else:
            dropped += 1
            changed += _stored_bytes(item) != _stored_bytes(kept[-1])
    if not dropped:
        return kept, []
    if changed:
        return kept, [message("io.differing_duplicates_dropped", count=dropped, differing=changed)]
    return kept, [message("io.duplicates_dropped", count=dropped)]


def _stored_bytes(item: DicomSlice) -> bytes:
    if item.frame is None:
        return bytes(item.dataset.PixelData)
    return item.dataset.pixel_array[item.frame].tobytes()


def _warn_order(kept: list[DicomSlice]) -> list[str]:
    numbers = [item.number for item in kept if item.number is not None]
    if len(numbers) < len(kept) or numbers == sorted(numbers):
        return []
    if numbers == sorted(numbers, reverse=True):
        return [message("io.reversed_order")]
    return [message("io.mixed_order")]
