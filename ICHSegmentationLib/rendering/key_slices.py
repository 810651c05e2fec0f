# SPDX-License-Identifier: Apache-2.0
"""Choice of the slices that pictures show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def choose_slices(
    slice_volumes_ml: Mapping[str, Sequence[float]], tissue_slices: np.ndarray, heights_mm: np.ndarray, count: int
) -> list[int]:
    """Return the slices with most blood, or evenly spaced ones without any, from inferior to superior.

    First the slice with most blood of each subtype is chosen, up to ``count`` slices; then the slices with most blood
    in total; then those nearest to the slice with most blood.

    Parameters
    ----------
    slice_volumes_ml : mapping of str to sequence of float
        Volume of each subtype, and of ``total``, on each slice.
    tissue_slices : numpy.ndarray
        Indices of the slices that contain the head.
    heights_mm : numpy.ndarray
        (slices,) position of each slice towards superior.
    count : int
        Maximum number of slices.
    """
    total = np.asarray(slice_volumes_ml["total"])
    number = len(total)
    count = min(count, number)
    if total.any():
        distance = np.abs(np.arange(number) - int(np.argmax(total)))
        by_total = np.lexsort((distance, -total)).tolist()
        parts = sorted((values for name, values in slice_volumes_ml.items() if name != "total"), key=sum, reverse=True)
        peaks = [int(np.argmax(values)) for values in parts if any(values)]
        chosen = list(dict.fromkeys([*peaks, *by_total]))[:count]
    else:
        pool = tissue_slices if len(tissue_slices) >= count else np.arange(number)
        # Middles of equal parts: the first and last slice of a head show neck or scalp only.
        chosen = pool[((np.arange(count) + 0.5) * len(pool) / count).astype(int)].tolist()
    return sorted(chosen, key=lambda index: float(heights_mm[index]))
