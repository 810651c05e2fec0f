# SPDX-License-Identifier: Apache-2.0
"""A request on its way, as every host sees it, whatever it waits with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, TypeVar

from ICHSegmentationLib.core.errors import CancelledError, WorkerCrashedError
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.worker.client.launch import CANCEL_GRACE_S
from ICHSegmentationLib.worker.protocol.failures import make_error
from ICHSegmentationLib.worker.protocol.messages import (
    PROTOCOL,
    CancelRequest,
    ComparedMessage,
    DevicesMessage,
    ErrorMessage,
    ExportedMessage,
    HelloMessage,
    LesionMessage,
    Message,
    ModelsMessage,
    PongMessage,
    ProgressMessage,
    ProposedMessage,
    Response,
    ResultMessage,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Progress

Answer = TypeVar(
    "Answer",
    ResultMessage,
    LesionMessage,
    ModelsMessage,
    DevicesMessage,
    ExportedMessage,
    ProposedMessage,
    ComparedMessage,
    PongMessage,
)
_CANCELLED = "The work was cancelled."


class PendingRequest(Generic[Answer]):
    """Which of a worker's messages concern a request, and what they mean once the user has cancelled it.

    Parameters
    ----------
    number : int
        The request's id.
    wanted : type
        Of the answer.
    progress : callable, optional
        As for :func:`ICHSegmentationLib.segment`.
    grace_s : float
        How long the worker may go on after a cancel.
    """

    def __init__(
        self,
        number: int,
        wanted: type[Answer],
        progress: Progress | None = None,
        *,
        grace_s: float = CANCEL_GRACE_S,
    ) -> None:
        self.number = number
        self.grace_s = grace_s
        self._wanted: type[Answer] = wanted
        self._progress = progress
        self._answer: Answer | ErrorMessage | None = None
        self._kill_at: float | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether the user does not want it any more."""
        return self._kill_at is not None

    @property
    def is_overdue(self) -> bool:
        """Whether it was cancelled so long ago that the worker has to be killed."""
        return self._kill_at is not None and time.monotonic() >= self._kill_at

    @property
    def is_answered(self) -> bool:
        """Whether `result` gives or raises something."""
        return self._answer is not None

    def wants(self, message_type: type[Message]) -> bool:
        """Whether it waits for a message of this type."""
        return self._wanted is message_type

    def cancel(self) -> CancelRequest:
        """Take note that the user has cancelled, and return what to tell the worker."""
        self._kill_at = time.monotonic() + self.grace_s
        return CancelRequest(request=self.number)

    def take(self, message: Response) -> None:
        """Look at a message of the worker: progress is passed on, the answer is kept, the rest is not for this."""
        if isinstance(message, ProgressMessage):
            if message.id == self.number and self._progress is not None and not self.is_cancelled:
                self._progress(message.stage, message.fraction)
        elif isinstance(message, (self._wanted, ErrorMessage)) and message.id in (self.number, None):
            self._answer = message

    def result(self) -> Answer:
        """Return the answer.

        Raises
        ------
        ICHSegmentationError
            What the worker says went wrong; `CancelledError` if the user had cancelled, even where a result came: it
            is not wanted any more.
        """
        if self.is_cancelled:
            raise cancelled()
        assert self._answer is not None
        if isinstance(self._answer, ErrorMessage):
            raise make_error(self._answer.kind, self._answer.message)
        return self._answer


def cancelled() -> CancelledError:
    """Return the error of a request that the user has cancelled."""
    return CancelledError(_CANCELLED)


def check_hello(message: Response) -> None:
    """Check a worker's first message.

    Raises
    ------
    WorkerCrashedError
        If the worker is of another protocol or version.
    """
    if not isinstance(message, HelloMessage) or (message.protocol, message.version) != (PROTOCOL, __version__):
        other = message.version if isinstance(message, HelloMessage) else "unknown"
        sentence = f"The worker is of version {other}, this program of version {__version__}; restart it."
        raise WorkerCrashedError(sentence)
