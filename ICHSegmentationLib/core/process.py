# SPDX-License-Identifier: Apache-2.0
"""Settings of a process that runs one command of this library and ends."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLD = 100_000
"""New objects between two collections. With the default of 700 they take a tenth of the time of a run."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect cyclic garbage rarely, and not once more at the end of the process, which would take 0.4 s.

    Not for a process that goes on from scan to scan: garbage holds scans, and the worker grew from 0.6 to 1.5 GB.
    """
    gc.set_threshold(_THRESHOLD)
    try:
        yield
    finally:
        gc.freeze()
