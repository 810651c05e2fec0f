# SPDX-License-Identifier: Apache-2.0
"""State of a sent request, the same for the blocking and the event-driven client."""

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
    """A sent request: receives the worker's messages and tracks the deadline after a cancel.

    Parameters
    ----------
    ask : Ask
        Request, expected answer, progress callback and grace period.
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
        """Whether the grace period after a cancel is over, so that the worker must be killed."""
        return self._kill_at is not None and time.monotonic() >= self._kill_at

    @property
    def is_answered(self) -> bool:
        """Whether the answer has arrived, so that `result` can be called."""
        return self._answer is not None

    def cancel(self) -> CancelRequest:
        """Mark the request as cancelled, and return the message for the worker."""
        self._kill_at = time.monotonic() + self.grace_s
        return CancelRequest(request=self.request.id)

    def take(self, response: Response) -> None:
        """Process a message of the worker: pass on progress, keep the answer, ignore others."""
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
            Error reported by the worker; `CancelledError` after a cancel, even if a result arrived.
        """
        if self.is_cancelled:
            raise cancelled()
        assert self._answer is not None
        if isinstance(self._answer, ErrorMessage):
            raise self._answer.error()
        return self._answer


def cancelled() -> CancelledError:
    """Return the error of a cancelled request."""
    return CancelledError(message("worker.cancelled"))


def check_hello(hello: Response) -> None:
    """Check the first message of a worker.

    Raises
    ------
    WorkerCrashedError
        If the worker has another protocol or version.
    """
    if not isinstance(hello, HelloMessage) or (hello.protocol, hello.version) != (PROTOCOL, __version__):
        other = hello.version if isinstance(hello, HelloMessage) else "unknown"
        raise WorkerCrashedError(message("worker.other_version", worker=other, program=__version__))
