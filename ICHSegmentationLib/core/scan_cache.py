# SPDX-License-Identifier: Apache-2.0
"""Keep what is computed from a scan alone for as long as the scan is in memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ICHSegmentationLib.core.grid import SliceGrid
    from ICHSegmentationLib.core.volume import CTVolume

T = TypeVar("T")


def cached_per_scan(function: Callable[[CTVolume], T]) -> Callable[[CTVolume], T]:
    """Cache a function of a CT volume, if the volume's array is read-only.

    The worker makes the arrays of its scans read-only, so that what it measures twice is computed once. A writable
    array may change between two calls and is never cached. The result must not hold the array.

    Parameters
    ----------
    function : callable
        Its result depends on the array and the grid of the volume only.
    """
    results: dict[int, tuple[SliceGrid, T]] = {}

    @wraps(function)
    def call(volume: CTVolume) -> T:
        if volume.hu.flags.writeable:
            return function(volume)
        key = id(volume.hu)
        if key in results and results[key][0] is volume.grid:
            return results[key][1]
        if key not in results:
            weakref.finalize(volume.hu, results.pop, key, None).atexit = False
        result = function(volume)
        results[key] = (volume.grid, result)
        return result

    return call
