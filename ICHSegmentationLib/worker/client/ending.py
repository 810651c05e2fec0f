# SPDX-License-Identifier: Apache-2.0
"""Why a worker is no more, from how its process ended and what it wrote last."""

from __future__ import annotations

import signal

from ICHSegmentationLib.core.errors import ICHSegmentationError, WorkerCrashedError, WorkerKilledError
from ICHSegmentationLib.worker.protocol.log import WorkerLog

_KILLED = (-9, 137)
"""Exit status by signal 9, as Popen tells it and as a shell in between does."""


def explain_end(code: int | None, log: WorkerLog, *, started: bool) -> ICHSegmentationError:
    """Return what to tell the user of a worker that ended without being asked to.

    Parameters
    ----------
    code : int or None
        Exit code; where a signal ended the process, that signal's number below zero; None if it closed its output and
        goes on.
    log : WorkerLog
        What it wrote.
    started : bool
        Whether it ever said hello.
    """
    if code in _KILLED or log.tells_of_a_kill:
        message = (
            "The system killed the segmentation, most likely because the memory ran out; "
            "close other programs and try again."
        )
        return WorkerKilledError(message)
    if not started:
        return WorkerCrashedError(f"The worker could not start: {log.last_error or _describe(code)}")
    message = f"The segmentation stopped unexpectedly ({_describe(code)}); try again. The log says more."
    return WorkerCrashedError(message)


def _describe(code: int | None) -> str:
    if code is None:
        return "its output ended"
    if code >= 0:
        return f"exit code {code}" if code < 256 else f"exit code {code:#x}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
