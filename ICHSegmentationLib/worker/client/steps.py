# SPDX-License-Identifier: Apache-2.0
"""Steps of a conversation with the worker."""

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
    """A step that reads or writes files; its outcome is the return value of ``do``."""

    do: Callable[[], Any]


@dataclass(frozen=True)
class Ask:
    """A request to the worker.

    Attributes
    ----------
    request : Message
        The request.
    answer : type
        Class of the answer, which is the outcome of the step.
    progress : callable, optional
        As for :func:`ICHSegmentationLib.segment`.
    grace_s : float
        Time after a cancel before the worker is killed.
    """

    request: NumberedRequest
    answer: type[Response]
    progress: Progress | None = None
    grace_s: float = CANCEL_GRACE_S
