# SPDX-License-Identifier: Apache-2.0
"""However a worker or its client ends, the reason is told, the next request works, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders.errors import raises
from builders.processes import is_running, wait_until

import ICHSegmentationLib
from ICHSegmentationLib.core.errors import CancelledError, WorkerCrashedError, WorkerKilledError
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and scripts")]

ONE_THREAD = SegmentOptions(threads=1)
CLIENT = """
import sys, time
import numpy as np
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.io.grid_record import parse_grid_record
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient

def stop_here(stage, fraction):
    print(client.pid, flush=True)
    time.sleep(1000)

client = WorkerClient()
grid = parse_grid_record(open(sys.argv[1]).read()).grid()
client.segment(CTVolume(np.load(sys.argv[2]), grid), progress=stop_here)
"""


class WindowClosedError(Exception):
    """An error of the client's own."""


def close_window(_stage, _fraction):
    raise WindowClosedError


def write_script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def segment_with_signal(client, head, number, *, then_cancel=False):
    """Send the worker a signal when it begins to work on the request, and cancel it afterwards where wanted."""
    sent = []

    def progress(_stage, _fraction):
        if not sent:
            os.kill(client.pid, number)
            sent.append(client.pid)

    return client.segment(head, ONE_THREAD, progress=progress, cancel=lambda: then_cancel and bool(sent))


@pytest.mark.parametrize(
    ("number", "error", "code", "values"),
    [
        (signal.SIGKILL, WorkerKilledError, "worker.killed", {}),
        (signal.SIGSEGV, WorkerCrashedError, "worker.crashed", {"how": "SIGSEGV"}),
    ],
)
def test_a_worker_that_dies_at_work_is_told_and_replaced(
    a_client, a_head, a_temporary_folder, number, error, code, values
):
    a_client.ping()
    first = a_client.pid
    with raises(error, code, **values):
        segment_with_signal(a_client, a_head, number)
    assert a_client.pid is None
    assert not is_running(first)
    assert list(a_temporary_folder.iterdir()) == []

    a_client.segment(a_head, ONE_THREAD)
    assert a_client.pid != first


def test_the_log_of_a_crash_says_where(a_client, a_head):
    with pytest.raises(WorkerCrashedError):
        segment_with_signal(a_client, a_head, signal.SIGSEGV)
    assert any("Fatal Python error: Segmentation fault" in line for line in a_client.log)


def test_a_worker_that_died_while_it_waited_is_replaced_without_a_word(a_client, a_head):
    a_client.ping()
    first = a_client.pid
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: not is_running(first))
    a_client.segment(a_head, ONE_THREAD)
    assert a_client.pid != first


def test_a_worker_whose_folder_was_cleaned_away_is_replaced(a_client, a_head, a_temporary_folder):
    a_client.ping()
    first = a_client.pid
    (folder,) = a_temporary_folder.iterdir()
    folder.rmdir()
    a_client.segment(a_head, ONE_THREAD)
    assert a_client.pid != first
    assert not is_running(first)


def test_a_worker_that_does_not_listen_is_killed_when_the_user_cancels(a_client, a_head, a_temporary_folder):
    a_client.ping()
    first = a_client.pid
    with raises(CancelledError, "worker.cancelled"):
        # A stopped process stands for native code that looks up too late.
        segment_with_signal(a_client, a_head, signal.SIGSTOP, then_cancel=True)
    assert not is_running(first)
    assert list(a_temporary_folder.iterdir()) == []
    a_client.segment(a_head, ONE_THREAD)


def test_a_worker_can_be_cancelled_while_it_starts(a_client, a_head, a_temporary_folder):
    with pytest.raises(CancelledError):
        a_client.segment(a_head, cancel=lambda: True)
    assert a_client.pid is None
    assert list(a_temporary_folder.iterdir()) == []


def test_an_error_of_the_client_s_own_ends_the_work_too(a_client, a_head, a_temporary_folder):
    with pytest.raises(WindowClosedError):
        a_client.segment(a_head, progress=close_window)
    assert a_client.pid is None
    assert list(a_temporary_folder.iterdir()) == []


def test_closing_ends_the_worker_and_removes_its_files(a_client, a_head, a_temporary_folder):
    a_client.segment(a_head, ONE_THREAD)
    pid = a_client.pid
    a_client.close()
    assert not is_running(pid)
    assert list(a_temporary_folder.iterdir()) == []


def test_a_client_that_is_dropped_ends_its_worker(an_environment, a_temporary_folder):
    client = WorkerClient(environment=an_environment)
    client.ping()
    pid = client.pid
    del client
    assert not is_running(pid)
    assert list(a_temporary_folder.iterdir()) == []


def test_the_death_of_the_client_ends_the_worker_and_removes_its_files(
    an_environment, a_head, a_temporary_folder, tmp_path
):
    from ICHSegmentationLib.io.grid_record import GridRecord

    (tmp_path / "grid.json").write_text(GridRecord.of(a_head.grid).to_json())
    np.save(tmp_path / "hu.npy", a_head.hu)
    root = str(Path(ICHSegmentationLib.__file__).parents[1])
    owner = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(tmp_path / "grid.json"), str(tmp_path / "hu.npy")],
        env=an_environment | {"PYTHONPATH": root},
        stdout=subprocess.PIPE,
    )
    with owner:
        pid = int(owner.stdout.readline())
        assert is_running(pid)
        assert len(list(a_temporary_folder.iterdir())) == 1
        owner.kill()
    assert wait_until(lambda: not is_running(pid))
    assert list(a_temporary_folder.iterdir()) == []


def test_an_interpreter_that_is_not_there_is_named(an_environment, a_temporary_folder):
    with raises(
        WorkerCrashedError, "worker.no_interpreter", python="no-such-python", reason="No such file or directory"
    ):
        WorkerClient("no-such-python", an_environment).ping()
    assert list(a_temporary_folder.iterdir()) == []


def test_the_import_error_of_an_incomplete_installation_is_shown(an_environment, a_temporary_folder, tmp_path):
    (tmp_path / "pydantic.py").write_text("raise ImportError('DLL load failed while importing _pydantic_core')")
    script = write_script(
        tmp_path / "python", f'#!/bin/sh\nPYTHONPATH="{tmp_path}:$PYTHONPATH" exec "{sys.executable}" "$@"\n'
    )
    reason = "ImportError: DLL load failed while importing _pydantic_core"
    with raises(WorkerCrashedError, "worker.not_started", reason=reason):
        WorkerClient(script, an_environment).ping()
    assert list(a_temporary_folder.iterdir()) == []


def test_a_worker_of_another_version_is_refused(an_environment, a_temporary_folder, tmp_path):
    hello = '{"type": "hello", "protocol": 2, "version": "9.9.9", "pid": 1, "new": true}'
    script = write_script(tmp_path / "python", f"#!/bin/sh\necho '{hello}'\nread line\n")
    with raises(WorkerCrashedError, "worker.other_version", worker="9.9.9"):
        WorkerClient(script, an_environment).ping()
    assert list(a_temporary_folder.iterdir()) == []


def test_temporary_files_of_the_worker_s_libraries_lie_in_the_folder_that_is_removed(
    an_environment, a_temporary_folder, tmp_path
):
    note = tmp_path / "note"
    script = write_script(tmp_path / "python", f'#!/bin/sh\necho "$TMPDIR" >"{note}"\nexec "{sys.executable}" "$@"\n')
    with WorkerClient(script, an_environment) as client:
        client.ping()
        (folder,) = a_temporary_folder.iterdir()
        assert note.read_text().strip() == str(folder)


def test_the_children_of_the_worker_are_killed_with_it(an_environment, a_head, tmp_path):
    note = tmp_path / "child"
    # As Slicer's launcher: the interpreter is a child of what was started.
    script = write_script(tmp_path / "python", f'#!/bin/sh\nsleep 1000 &\necho $! >"{note}"\n"{sys.executable}" "$@"\n')
    client = WorkerClient(script, an_environment)
    client.ping()
    child = int(note.read_text())
    assert is_running(child)
    with pytest.raises(WindowClosedError):
        client.segment(a_head, progress=close_window)
    # The system takes its time over each process of a group.
    assert wait_until(lambda: not is_running(child))
