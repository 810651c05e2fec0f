# SPDX-License-Identifier: Apache-2.0
"""What is said of a worker that is no more."""

from __future__ import annotations

import pytest
from builders.errors import raises

from ICHSegmentationLib.core.errors import WorkerCrashedError, WorkerKilledError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.worker.client.ending import explain_end
from ICHSegmentationLib.worker.protocol.log import WorkerLog

ABNORMAL = "error: [/opt/slicer/bin/./python-real] exit abnormally - Report the problem."


@pytest.mark.parametrize(
    ("code", "lines", "started", "expected"),
    [
        (-9, (), True, message("worker.killed")),
        (137, (), False, message("worker.killed")),
        (1, (ABNORMAL,), True, message("worker.killed")),
        (1, ("Fatal Python error: Aborted", ABNORMAL), True, message("worker.crashed", how="exit code 1")),
        (-11, (), True, message("worker.crashed", how="SIGSEGV")),
        (-200, (), True, message("worker.crashed", how="signal 200")),
        (3221225477, (), True, message("worker.crashed", how="exit code 0xc0000005")),
        (None, (), True, message("worker.crashed", how="its output ended")),
        (1, ("ImportError: DLL",), False, message("worker.not_started", reason="ImportError: DLL")),
        (127, (), False, message("worker.not_started", reason="exit code 127")),
    ],
)
def test_the_end_is_told_from_the_exit_status_and_the_log(code, lines, started, expected):
    log = WorkerLog()
    for line in lines:
        log.append(line)
    error = WorkerKilledError if expected.code == "worker.killed" else WorkerCrashedError
    with raises(error, expected.code, **expected.parameters):
        raise explain_end(code, log, started=started)
