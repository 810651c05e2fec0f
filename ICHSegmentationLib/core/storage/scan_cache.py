# SPDX-License-Identifier: Apache-2.0
"""Cache of results that depend on a CT volume only, for its lifetime."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.core.scan.volume import CTVolume

T = TypeVar("T")


def cached_per_scan(function: Callable[[CTVolume], T]) -> Callable[[CTVolume], T]:
    """Cache the results of a function of a CT volume whose array is read-only.

    The worker makes the arrays of its CT volumes read-only. Results for a writable array are not cached, because the
    array may change between two calls. The result must not keep a reference to the array. A second thread waits for the
    result of the first.

    Parameters
    ----------
    function : callable
        Function whose result depends on the array and the grid of the CT volume only.
    """
    results: dict[int, tuple[SliceGrid, T]] = {}
    lock = threading.Lock()

    @wraps(function)
    def call(volume: CTVolume) -> T:
        if volume.hu.flags.writeable:
            return function(volume)
        key = id(volume.hu)
        with lock:
            if key in results and results[key][0] is volume.grid:
                return results[key][1]
            if key not in results:
                weakref.finalize(volume.hu, results.pop, key, None).atexit = False
            result = function(volume)
            results[key] = (volume.grid, result)
            return result

    return call
