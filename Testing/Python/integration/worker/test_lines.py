# SPDX-License-Identifier: Apache-2.0
"""A worker's output is cut into messages wherever the bytes are cut."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.worker.protocol.lines import ResponseReader
from ICHSegmentationLib.worker.protocol.log import WorkerLog
from ICHSegmentationLib.worker.protocol.messages import PongMessage, ProgressMessage


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_messages_come_whole_and_in_order(size):
    messages = [PongMessage(id=1), ProgressMessage(id=2, stage="infer", fraction=0.5), PongMessage(id=3)]
    data = b"".join(message.to_line() for message in messages)
    log = WorkerLog()
    reader = ResponseReader(log)
    found = [message for start in range(0, len(data), size) for message in reader.feed(data[start : start + size])]
    reader.finish()
    assert found == messages
    assert log.lines == ()


def test_what_is_no_message_goes_to_the_log():
    log = WorkerLog()
    reader = ResponseReader(log)
    assert reader.feed(b"launcher: hello\n" + PongMessage(id=1).to_line() + b"no line end") == [PongMessage(id=1)]
    reader.finish()
    assert log.lines == ("launcher: hello", "no line end")


def test_output_without_any_line_end_does_not_fill_the_memory():
    log = WorkerLog()
    reader = ResponseReader(log)
    for _ in range(11):
        assert reader.feed(b"x" * 1_000_000) == []
    assert [len(line) for line in log.lines] == [2000]
    assert reader.feed(b"\n" + PongMessage(id=1).to_line()) == [PongMessage(id=1)]
