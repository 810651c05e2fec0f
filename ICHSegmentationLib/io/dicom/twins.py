# SPDX-License-Identifier: Apache-2.0
"""Slices at the same place, or so close to each other that they cannot be neighbours of one scan."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ICHSegmentationLib.core.errors import InputError, UnusableSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan import slice_steps
from ICHSegmentationLib.io.dicom.pixels import PixelDecoder
from ICHSegmentationLib.io.dicom.slices import DicomSlice

_SAME_PLACE_MM = 0.01
_SHIFT_MM = 0.1
_NEAR = 0.5
"""Slices nearer than this many usual distances are twins; a table position is not rounded that far."""
_MIXED_GROUPS = 3


def merge_twins(ordered: list[DicomSlice], normal: np.ndarray) -> tuple[list[DicomSlice], list[str]]:
    """Leave out copies of slices.

    Parameters
    ----------
    ordered : list of DicomSlice
        Slices of one acquisition in the order of their positions along the normal.
    normal : numpy.ndarray
        (3,) unit vector.

    Returns
    -------
    list of DicomSlice
        Without the copies: of twins with the same HU the first is kept. Near slices with the HU of a slice further away
        are no copies.
    list of str
        A warning where there were copies.

    Raises
    ------
    UnusableSeriesError
        If two slices at one place hold different HU, or near ones in three places in a row: scans were mixed. Single
        near slices are those where two blocks of a scan join.
    InputError
        If twins are shifted against each other in their plane.
    """
    positions = np.stack([item.position_mm for item in ordered])
    distances_mm = np.diff(positions @ normal)
    near = distances_mm < np.maximum(_NEAR * slice_steps.usual_distances(distances_mm), _SAME_PLACE_MM)
    kept, different = [ordered[0]], np.zeros(len(distances_mm), dtype=bool)
    for index, item in enumerate(ordered[1:]):
        if not near[index]:
            kept.append(item)
            continue
        _check_shift(ordered[index], item, normal)
        same, at_one_place = _same_hu(kept[-1], item), bool(abs(distances_mm[index]) <= _SAME_PLACE_MM)
        if at_one_place and not same:
            raise UnusableSeriesError(
                message("io.images_at_one_place", first=kept[-1].path.name, second=item.path.name)
            )
        different[index] = not same
        if not same or not (at_one_place or _is_a_copy(item, kept, ordered, near, index)):
            kept.append(item)
    _check_not_mixed(ordered, different)
    dropped = len(ordered) - len(kept)
    return kept, [message("io.duplicates_dropped", count=dropped)] if dropped else []


def _is_a_copy(
    item: DicomSlice, kept: list[DicomSlice], ordered: list[DicomSlice], near: np.ndarray, index: int
) -> bool:
    """Return whether equal HU tell a copy: not where a slice further away holds them too, as empty slices do."""
    beyond = [ordered[other + 1] for other in range(index + 1, len(near)) if not near[other]][:1]
    further = kept[-2:-1] or beyond
    return not any(_same_hu(item, other) for other in further)


def _check_shift(one: DicomSlice, other: DicomSlice, normal: np.ndarray) -> None:
    offset = other.position_mm - one.position_mm
    along = float(offset @ normal)
    if np.linalg.norm(offset - along * normal) > _SHIFT_MM + abs(along):
        raise InputError(message("io.shifted_in_plane", first=one.path.name, second=other.path.name))


def _same_hu(one: DicomSlice, other: DicomSlice) -> bool:
    images = np.empty((2, *one.size), dtype=np.int16)
    PixelDecoder().decode_all([one, other], images)
    return bool(np.array_equal(images[0], images[1]))


def _check_not_mixed(ordered: list[DicomSlice], different: np.ndarray) -> None:
    """Refuse three groups of near slices, each one usual distance from the next: the slices of several scans."""
    pairs = np.flatnonzero(different)
    groups = 1
    for before, index in pairwise(pairs):
        groups = groups + 1 if index - before == 2 else groups if index - before == 1 else 1
        if groups == _MIXED_GROUPS:
            raise UnusableSeriesError(
                message("io.scans_interleave", first=ordered[index].path.name, second=ordered[index + 1].path.name)
            )
