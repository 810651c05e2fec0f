# SPDX-License-Identifier: Apache-2.0
"""Rules on the distances between slices: which are gaps, which belong to the protocol, what each slice owns."""

from __future__ import annotations

import numpy as np

GAP_FACTOR = 1.5
"""A step longer than this many medians may be a gap, and a slice beside a gap owns no more than this many medians."""
PROTOCOL_RUN = 3
"""So many like steps in a row are a choice of the protocol (7 mm above the skull base), not missing slices."""


def alike(a_mm: float, b_mm: float) -> bool:
    """Whether two distances are the same within 1 % or 0.02 mm (positions are often written with two decimals)."""
    return abs(a_mm - b_mm) <= max(0.02, 0.01 * max(abs(a_mm), abs(b_mm)))


def runs(steps_mm: np.ndarray) -> list[tuple[int, int]]:
    """Return (first, last) index of each run of like steps, in order."""
    found: list[tuple[int, int]] = []
    for index, step in enumerate(steps_mm):
        if found and alike(step, steps_mm[found[-1][0]]):
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found


def find_gaps(steps_mm: np.ndarray) -> tuple[int, ...]:
    """Return the steps that skip missing slices: over 1.5 medians long and not one of three or more like steps."""
    if len(steps_mm) == 0:
        return ()
    limit = GAP_FACTOR * float(np.median(steps_mm))
    short_runs = [range(first, last + 1) for first, last in runs(steps_mm) if last - first + 1 < PROTOCOL_RUN]
    return tuple(index for run in short_runs for index in run if steps_mm[index] > limit)


def slice_extents(distances_mm: np.ndarray, gaps: tuple[int, ...]) -> np.ndarray:
    """Return the length along the normal that each slice owns.

    A slice owns half the distance to each neighbour, an end slice its one full distance, and a slice beside a gap no
    more than 1.5 median distances.

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
    before = np.concatenate((distances_mm[:1], distances_mm))
    after = np.concatenate((distances_mm, distances_mm[-1:]))
    extents = (before + after) / 2
    if gaps:
        beside = np.unique([(gap, gap + 1) for gap in gaps])
        extents[beside] = np.minimum(extents[beside], GAP_FACTOR * np.median(distances_mm))
    return extents


def distinct(distances_mm: np.ndarray, gaps: tuple[int, ...]) -> list[float]:
    """Return the distances of the protocol, in order of appearance, rounded to 0.01 mm.

    Gaps, and a lone step between two blocks of slices, are no choice of the protocol and left out; if nothing remains,
    all distances are listed.
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
