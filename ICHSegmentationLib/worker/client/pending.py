# SPDX-License-Identifier: Apache-2.0
"""A request that waits for its answer, whatever the client waits with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import CancelledError, WorkerCrashedError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.worker.protocol.messages import (
    PROTOCOL,
    CancelRequest,
    ErrorMessage,
    HelloMessage,
    ProgressMessage,
    Response,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.worker.client.steps import Ask


class PendingRequest:
    """A request that was sent: takes the messages of the worker that concern it, and keeps its deadline.

    Parameters
    ----------
    ask : Ask
        Request, expected answer, progress callback and grace.
    """

    def __init__(self, ask: Ask) -> None:
        self.request = ask.request
        self.grace_s = ask.grace_s
        self._ask = ask
        self._answer: Response | None = None
        self._kill_at: float | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether the user has cancelled."""
        return self._kill_at is not None

    @property
    def is_overdue(self) -> bool:
        """Whether it was cancelled so long ago that the worker has to be killed."""
        return self._kill_at is not None and time.monotonic() >= self._kill_at

    @property
    def is_answered(self) -> bool:
        """Whether `result` returns or raises something."""
        return self._answer is not None

    def cancel(self) -> CancelRequest:
        """Note that the user has cancelled, and return what to send to the worker."""
        self._kill_at = time.monotonic() + self.grace_s
        return CancelRequest(request=self.request.id)

    def take(self, response: Response) -> None:
        """Take a message of the worker: pass progress on, keep the answer, ignore the rest."""
        if isinstance(response, ProgressMessage):
            progress = self._ask.progress
            if response.id == self.request.id and progress is not None and not self.is_cancelled:
                progress(response.stage, response.fraction)
        elif isinstance(response, HelloMessage) or response.id not in (self.request.id, None):
            return
        elif isinstance(response, (self._ask.answer, ErrorMessage)):
            self._answer = response

    def result(self) -> Response:
        """Return the answer.

        Raises
        ------
        ICHSegmentationError
            The error that the worker reports; `CancelledError` if the user has cancelled, even where a result came.
        """
        if self.is_cancelled:
            raise cancelled()
        assert self._answer is not None
        if isinstance(self._answer, ErrorMessage):
            raise self._answer.error()
        return self._answer


def cancelled() -> CancelledError:
    """Return the error of a request that the user has cancelled."""
    return CancelledError(message("worker.cancelled"))


def check_hello(hello: Response) -> None:
    """Check the first message of a worker.

    Raises
    ------
    WorkerCrashedError
        If the worker is of another protocol or version.
    """
    if not isinstance(hello, HelloMessage) or (hello.protocol, hello.version) != (PROTOCOL, __version__):
        other = hello.version if isinstance(hello, HelloMessage) else "unknown"
        raise WorkerCrashedError(message("worker.other_version", worker=other, program=__version__))
