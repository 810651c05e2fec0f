# SPDX-License-Identifier: Apache-2.0
"""What is said of a worker that is no more."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.core.errors import WorkerCrashedError, WorkerKilledError
from ICHSegmentationLib.worker.client.ending import explain_end
from ICHSegmentationLib.worker.protocol.log import WorkerLog

ABNORMAL = "error: [/opt/slicer/bin/./python-real] exit abnormally - Report the problem."


@pytest.mark.parametrize(
    ("code", "lines", "started", "error", "sentence"),
    [
        (-9, (), True, WorkerKilledError, "The system killed the segmentation, most likely because the memory ran out"),
        (137, (), False, WorkerKilledError, "The system killed the segmentation"),
        (1, (ABNORMAL,), True, WorkerKilledError, "The system killed the segmentation"),
        (1, ("Fatal Python error: Aborted", ABNORMAL), True, WorkerCrashedError, r"unexpectedly \(exit code 1\)"),
        (-11, (), True, WorkerCrashedError, r"stopped unexpectedly \(SIGSEGV\); try again"),
        (-200, (), True, WorkerCrashedError, r"\(signal 200\)"),
        (3221225477, (), True, WorkerCrashedError, r"\(exit code 0xc0000005\)"),
        (None, (), True, WorkerCrashedError, r"\(its output ended\)"),
        (1, ("ImportError: DLL load failed",), False, WorkerCrashedError, "could not start: ImportError: DLL load"),
        (127, (), False, WorkerCrashedError, "could not start: exit code 127"),
    ],
)
def test_the_end_is_told_from_the_exit_status_and_the_log(code, lines, started, error, sentence):
    log = WorkerLog()
    for line in lines:
        log.append(line)
    explained = explain_end(code, log, started=started)
    assert type(explained) is error
    with pytest.raises(error, match=sentence):
        raise explained
