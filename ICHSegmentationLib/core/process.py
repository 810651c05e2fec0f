# SPDX-License-Identifier: Apache-2.0
"""Settings of a process that runs this library and nothing else: the command and the worker."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLD = 100_000
"""New objects between two collections. With the default of 700 they take a tenth of the time of a run."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect cyclic garbage rarely, and not once more at the end of the process, which would take 0.4 s."""
    gc.set_threshold(_THRESHOLD)
    try:
        yield
    finally:
        gc.freeze()
