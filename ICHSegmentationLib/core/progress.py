# SPDX-License-Identifier: Apache-2.0
"""Progress, timing and cancelling of a run, in one place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ICHSegmentationLib.core.errors import CancelledError
from ICHSegmentationLib.core.messages import message

Progress = Callable[[str, float], None]
"""Called with the stage's name and the share of the whole work that is done, which never falls."""

Cancel = Callable[[], bool]
"""Asked often; True stops the work with `CancelledError`."""


class Stages:
    """Tell a caller how far a run is, measure its stages, and stop it on request.

    Parameters
    ----------
    shares : dict of str to float
        Share of the whole work of each stage, in order; they sum to 1.
    progress : callable, optional
        See `Progress`.
    cancel : callable, optional
        See `Cancel`.
    """

    def __init__(
        self, shares: dict[str, float], progress: Progress | None = None, cancel: Cancel | None = None
    ) -> None:
        self._shares = shares
        self._progress = progress
        self._cancel = cancel
        self._stage = ""
        self._before = 0.0
        self.timings_s: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage and report its start and end."""
        self._stage = name
        self.advance(0.0)
        started = time.perf_counter()
        yield
        self.timings_s[name] = time.perf_counter() - started
        self.advance(1.0)
        self._before += self._shares[name]

    def advance(self, fraction: float) -> None:
        """Report that ``fraction`` of the current stage is done.

        Raises
        ------
        CancelledError
            If the caller asked to stop.
        """
        if self._cancel is not None and self._cancel():
            raise CancelledError(message("core.cancelled"))
        if self._progress is not None:
            self._progress(self._stage, min(1.0, self._before + fraction * self._shares[self._stage]))
