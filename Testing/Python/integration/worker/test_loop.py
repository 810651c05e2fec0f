# SPDX-License-Identifier: Apache-2.0
"""The worker's own work, in this process; how it listens and ends is tested with processes."""

from __future__ import annotations

import threading

import pytest

from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.record import RunRecord
from ICHSegmentationLib.worker.protocol.messages import ErrorMessage, ExportedMessage, ExportRequest, ProgressMessage
from ICHSegmentationLib.worker.server import loop


class Channel:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent = []

    def send(self, message) -> None:
        self.sent.append(message)


@pytest.fixture
def a_request(tmp_path) -> ExportRequest:
    """An export that the worker was asked for."""
    job = ExportJob(folder=tmp_path, formats=("csv",), scan=ScanFiles(), run=RunRecord.of_attributes({}))
    return ExportRequest(id=3, scan="a", folder=tmp_path, job=job)


@pytest.mark.parametrize("cancel_after", [1, 2, 9])
def test_an_export_stops_at_the_next_file_after_a_cancel(a_request, monkeypatch, cancel_after):
    def export(request, _scans, progress):
        for number in (1, 2):
            if number == cancel_after:
                worker._cancels[3].set()
            progress("write", number / 2)
        return ExportedMessage(id=request.id, files=())

    monkeypatch.setattr(loop, "run_export_request", export)
    channel = Channel()
    worker = loop.Worker(channel)
    worker._cancels[3] = threading.Event()
    answer = worker._answer(a_request)
    if cancel_after == 9:
        assert isinstance(answer, ExportedMessage)
    else:
        assert isinstance(answer, ErrorMessage)
        assert answer.kind == "cancelled"
    assert channel.sent == [ProgressMessage(id=3, stage="write", fraction=n / 2) for n in (1, 2) if n < cancel_after]
