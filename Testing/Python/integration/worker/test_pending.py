# SPDX-License-Identifier: Apache-2.0
"""A request that waits for its answer."""

from __future__ import annotations

import pytest
from builders.errors import raises

from ICHSegmentationLib.core.errors import CancelledError, OutOfMemoryError, WorkerCrashedError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.worker.client import pending as module
from ICHSegmentationLib.worker.client.pending import PendingRequest, check_hello
from ICHSegmentationLib.worker.client.steps import Ask
from ICHSegmentationLib.worker.protocol.failures import FailureKind
from ICHSegmentationLib.worker.protocol.messages import (
    CancelRequest,
    ErrorMessage,
    HelloMessage,
    PingRequest,
    PongMessage,
    ProgressMessage,
)


@pytest.fixture
def a_request() -> PendingRequest:
    """One that waits for a pong with the number 5 and collects its progress."""
    seen = []
    ask = Ask(PingRequest(id=5), PongMessage, lambda stage, fraction: seen.append((stage, fraction)))
    request = PendingRequest(ask)
    request.seen = seen
    return request


def test_only_its_own_messages_concern_it(a_request):
    for response in (HelloMessage(pid=1), ProgressMessage(id=4, stage="load", fraction=0), PongMessage(id=4)):
        a_request.take(response)
    assert not a_request.is_answered
    a_request.take(ProgressMessage(id=5, stage="infer", fraction=0.5))
    a_request.take(PongMessage(id=5))
    assert a_request.is_answered
    assert a_request.result() == PongMessage(id=5)
    assert a_request.seen == [("infer", 0.5)]


@pytest.mark.parametrize("number", [5, None])
def test_an_error_is_raised_also_where_the_worker_could_not_read_the_number(a_request, number):
    a_request.take(ErrorMessage.of(number, FailureKind.OUT_OF_MEMORY, message("worker.memory")))
    with raises(OutOfMemoryError, "worker.memory"):
        a_request.result()


def test_after_a_cancel_there_is_no_progress_and_no_result(a_request, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    assert not a_request.is_overdue
    assert a_request.cancel() == CancelRequest(request=5)
    assert a_request.is_cancelled
    now[0] = 100.39
    assert not a_request.is_overdue
    now[0] = 100.41
    assert a_request.is_overdue
    a_request.take(ProgressMessage(id=5, stage="infer", fraction=0.5))
    a_request.take(PongMessage(id=5))
    assert a_request.seen == []
    with raises(CancelledError, "worker.cancelled"):
        a_request.result()


@pytest.mark.parametrize(
    ("hello", "other"),
    [
        (HelloMessage(protocol=99, pid=1), __version__),
        (HelloMessage(version="9.9.9", pid=1), "9.9.9"),
        (PongMessage(id=1), "unknown"),
    ],
)
def test_another_version_is_refused(hello, other):
    check_hello(HelloMessage(pid=1))
    with raises(WorkerCrashedError, "worker.other_version", worker=other, program=__version__):
        check_hello(hello)
