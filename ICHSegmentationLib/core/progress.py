# SPDX-License-Identifier: Apache-2.0
"""Progress, timing and cancellation of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ICHSegmentationLib.core.errors import CancelledError
from ICHSegmentationLib.core.messages import message

Progress = Callable[[str, float], None]
"""Called with the name of the current stage and the fraction of the run that is done, which never decreases."""

Cancel = Callable[[], bool]
"""Called frequently; return True to stop the run with `CancelledError`."""


class Stages:
    """Report progress of a run, time its stages and stop it on request.

    Parameters
    ----------
    fractions : dict of str to float
        Fraction of the run that each stage takes, in order; the sum is 1.
    progress : callable, optional
        See `Progress`.
    cancel : callable, optional
        See `Cancel`.
    """

    def __init__(
        self, fractions: dict[str, float], progress: Progress | None = None, cancel: Cancel | None = None
    ) -> None:
        self._fractions = fractions
        self._progress = progress
        self._cancel = cancel
        self._stage = ""
        self._before = 0.0
        self.timings_s: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage and report its start and end."""
        self._stage = name
        self.advance(0.0)
        started = time.perf_counter()
        yield
        self.timings_s[name] = time.perf_counter() - started
        self.advance(1.0)
        self._before += self._fractions[name]

    def advance(self, fraction: float) -> None:
        """Report that ``fraction`` of the current stage is done.

        Raises
        ------
        CancelledError
            If ``cancel`` returned True.
        """
        if self._cancel is not None and self._cancel():
            raise CancelledError(message("core.cancelled"))
        if self._progress is not None:
            self._progress(self._stage, min(1.0, self._before + fraction * self._fractions[self._stage]))
