# SPDX-License-Identifier: Apache-2.0
"""The steps that a conversation with the worker consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.worker.client.launch import CANCEL_GRACE_S

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.worker.protocol.messages import NumberedRequest, Response


@dataclass(frozen=True)
class Work:
    """A step that reads or writes files; its outcome is what ``do`` returns."""

    do: Callable[[], Any]


@dataclass(frozen=True)
class Ask:
    """A step that the worker does.

    Attributes
    ----------
    request : Message
        What to send.
    answer : type
        Class of the answer, which is the outcome.
    progress : callable, optional
        As for :func:`ICHSegmentationLib.segment`.
    grace_s : float
        How long the worker may go on after a cancel before it is killed.
    """

    request: NumberedRequest
    answer: type[Response]
    progress: Progress | None = None
    grace_s: float = CANCEL_GRACE_S
