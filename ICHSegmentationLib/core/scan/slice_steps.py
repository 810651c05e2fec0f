# SPDX-License-Identifier: Apache-2.0
"""Rules on the distances between slices: which are gaps, which belong to the protocol, what each slice owns."""

from __future__ import annotations

import numpy as np

GAP_FACTOR = 1.5
"""A distance longer than this many usual ones may be a gap, and a slice beside a gap owns no more than that."""
PROTOCOL_RUN = 3
"""So many equal distances in a row are a choice of the protocol (7 mm above the skull base), not missing slices."""
FEWEST_DISTANCES = 4
"""Fewer distances do not tell which of them is usual."""
_NEIGHBOURS = 6


def alike(a_mm: float, b_mm: float) -> bool:
    """Return whether two distances are equal within 1 % or 0.02 mm (positions often have two decimals)."""
    return abs(a_mm - b_mm) <= max(0.02, 0.01 * max(abs(a_mm), abs(b_mm)))


def runs(distances_mm: np.ndarray) -> list[tuple[int, int]]:
    """Return (first, last) index of each run of equal distances, in order."""
    found: list[tuple[int, int]] = []
    for index, distance in enumerate(distances_mm):
        if found and alike(distance, distances_mm[found[-1][0]]):
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found


def usual_distances(distances_mm: np.ndarray) -> np.ndarray:
    """Return the distance that is usual around each distance.

    It is the median of the six nearest other distances, each weighted with its own length: half of the stack around a
    distance is covered by distances up to this one. A plain median counts slices instead, so that many short distances
    between pairs of slices that nearly coincide would make every other distance look like a gap.

    Parameters
    ----------
    distances_mm : numpy.ndarray
        (slices - 1,) distances between successive slices along the normal.

    Returns
    -------
    numpy.ndarray
        (slices - 1,) mm; of a single distance itself.
    """
    count = len(distances_mm)
    usual = np.array(distances_mm, dtype=np.float64)
    if count < 2:
        return usual
    for index in range(count):
        first = min(max(index - _NEIGHBOURS // 2, 0), max(count - 1 - _NEIGHBOURS, 0))
        around = np.sort(np.delete(distances_mm[first : first + _NEIGHBOURS + 1], index - first))
        covered = np.cumsum(around)
        usual[index] = around[np.searchsorted(covered, covered[-1] / 2)]
    return usual


def find_gaps(distances_mm: np.ndarray) -> tuple[int, ...]:
    """Return the distances that skip missing slices.

    Such a distance is longer than 1.5 usual ones, longer than 1.5 times the shorter of the distances beside it (slices
    may lie further and further apart), and not one of three or more equal ones. Fewer than four distances do not tell
    which of them is usual, and have no gaps.
    """
    gaps: list[int] = []
    if len(distances_mm) < FEWEST_DISTANCES:
        return ()
    usual = usual_distances(distances_mm)
    for first, last in runs(distances_mm):
        beside = [distances_mm[index] for index in (first - 1, last + 1) if 0 <= index < len(distances_mm)]
        if last - first + 1 >= PROTOCOL_RUN or not beside:
            continue
        limits = GAP_FACTOR * np.maximum(usual[first : last + 1], min(beside))
        gaps += [index for index in range(first, last + 1) if distances_mm[index] > limits[index - first]]
    return tuple(gaps)


def slice_extents(distances_mm: np.ndarray, gaps: tuple[int, ...]) -> np.ndarray:
    """Return the length along the normal that each slice owns.

    A slice owns half the distance to each neighbour, an end slice its one full distance, and a slice beside a gap no
    more than 1.5 of the distances that are usual there. Without gaps the extents add up to the span of the stack plus
    half a distance at each end.

    Parameters
    ----------
    distances_mm : numpy.ndarray
        (slices - 1,) distances between successive slices along the normal.
    gaps : tuple of int
        Indices of the distances that skip missing slices.

    Returns
    -------
    numpy.ndarray
        (slices,) mm.
    """
    extents = _whole_extents(distances_mm)
    for gap, limit in zip(gaps, gap_limits_mm(distances_mm, gaps), strict=True):
        extents[gap : gap + 2] = np.minimum(extents[gap : gap + 2], limit)
    return extents


def gap_limits_mm(distances_mm: np.ndarray, gaps: tuple[int, ...]) -> np.ndarray:
    """Return the largest extent of the two slices beside each gap, in mm."""
    return GAP_FACTOR * usual_distances(distances_mm)[list(gaps)]


def _whole_extents(distances_mm: np.ndarray) -> np.ndarray:
    before = np.concatenate((distances_mm[:1], distances_mm))
    after = np.concatenate((distances_mm, distances_mm[-1:]))
    return (before + after) / 2


def distinct(distances_mm: np.ndarray, gaps: tuple[int, ...]) -> list[float]:
    """Return the distances of the protocol, in order of appearance, rounded to 0.01 mm.

    Gaps, and a single distance between two blocks of slices, are no choice of the protocol and left out; if nothing
    remains, all distances are listed.
    """
    kept = [float(distance) for index, distance in enumerate(distances_mm) if index not in gaps]
    groups: list[list[float]] = []
    for distance in kept or [float(distance) for distance in distances_mm]:
        group = next((group for group in groups if alike(group[0], distance)), None)
        if group is None:
            groups.append([distance])
        else:
            group.append(distance)
    repeated = [group for group in groups if len(group) > 1]
    return [round(float(np.median(group)), 2) for group in repeated or groups]
