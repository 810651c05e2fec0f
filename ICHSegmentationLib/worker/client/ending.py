# SPDX-License-Identifier: Apache-2.0
"""Explain why a worker ended, from its exit code and its log."""

from __future__ import annotations

import signal

from ICHSegmentationLib.core.errors import ICHSegmentationError, WorkerCrashedError, WorkerKilledError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.worker.protocol.log import WorkerLog

_KILLED = (-9, 137)
"""Exit status by signal 9, as Popen and as a shell report it."""


def explain_end(code: int | None, log: WorkerLog, *, started: bool) -> ICHSegmentationError:
    """Return the error of a worker that ended unexpectedly.

    Parameters
    ----------
    code : int or None
        Exit code, or the negative number of the signal that ended it; None if it closed its output but still runs.
    log : WorkerLog
        Its log.
    started : bool
        Whether its first message had arrived.
    """
    if code in _KILLED or log.tells_of_a_kill:
        return WorkerKilledError(message("worker.killed"))
    if not started:
        return WorkerCrashedError(message("worker.not_started", reason=log.last_error or _describe(code)))
    return WorkerCrashedError(message("worker.crashed", how=_describe(code)))


def _describe(code: int | None) -> str:
    if code is None:
        return "its output ended"
    if code >= 0:
        return f"exit code {code}" if code < 256 else f"exit code {code:#x}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
