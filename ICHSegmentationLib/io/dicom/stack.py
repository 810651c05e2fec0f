# SPDX-License-Identifier: Apache-2.0
"""Stacking the slices of one series by position, whatever their file names and numbers say."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.grid import SliceGrid
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
        message = (
            f"{len(kept)} slice(s) found at {kept[0].path}, at least {MINIMUM_SLICES} are needed; "
            "give the folder of the whole series."
        )
        raise InputError(message)
    warnings += _warn_order(kept)
    positions = np.stack([item.position_mm for item in kept])
    grid = SliceGrid((len(kept), *kept[0].size), positions, orientation, kept[0].spacing_mm)
    return kept, grid, warnings


def _check_alike(slices: list[DicomSlice]) -> None:
    first = slices[0]
    for item in slices[1:]:
        if np.abs(item.orientation - first.orientation).max() > _SAME_DIRECTION:
            what = "orientations (ImageOrientationPatient (0020,0037))"
        elif item.size != first.size:
            what = "sizes (Rows (0028,0010), Columns (0028,0011))"
        elif not np.allclose(item.spacing_mm, first.spacing_mm, rtol=1e-3):
            what = "pixel spacings (PixelSpacing (0028,0030))"
        else:
            continue
        message = f"The series mixes slices of different {what}: {first.path.name} and {item.path.name} differ."
        raise InputError(message)


def _drop_duplicates(ordered: list[DicomSlice], normal: np.ndarray) -> tuple[list[DicomSlice], list[str]]:
    kept = [ordered[0]]
    dropped, changed = 0, 0
    for item in ordered[1:]:
        offset = item.position_mm - kept[-1].position_mm
        if abs(float(offset @ normal)) > _SAME_PLACE_MM:
            kept.append(item)
        elif np.linalg.norm(offset) > 10 * _SAME_PLACE_MM:
            message = (
                f"{kept[-1].path.name} and {item.path.name} lie in one plane but are shifted against each other, "
                "so the series cannot be stacked (ImagePositionPatient (0020,0032))."
            )
            raise InputError(message)
        else:
            dropped += 1
            changed += _stored_bytes(item) != _stored_bytes(kept[-1])
    if not dropped:
        return kept, []
    message = f"{dropped} duplicate slice(s) at the position of another slice dropped"
    if changed:
        message += f", {changed} of them with different pixels: the series may hold two scans of the head"
    return kept, [message + "."]


def _stored_bytes(item: DicomSlice) -> bytes:
    if item.frame is None:
        return bytes(item.dataset.PixelData)
    return item.dataset.pixel_array[item.frame].tobytes()


def _warn_order(kept: list[DicomSlice]) -> list[str]:
    numbers = [item.number for item in kept if item.number is not None]
    if len(numbers) < len(kept) or numbers == sorted(numbers):
        return []
    if numbers == sorted(numbers, reverse=True):
        return ["The slices are numbered in reversed order, from the top down; they were sorted by position."]
    return ["The slices are not numbered in the order of their positions; they were sorted by position."]
