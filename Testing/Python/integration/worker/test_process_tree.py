# SPDX-License-Identifier: Apache-2.0
"""A process is killed with its children, on Linux truly, for the other systems by what would be run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from builders.processes import is_running, wait_until
from builders.requirements import require_program

from ICHSegmentationLib.worker.client import process_tree
from ICHSegmentationLib.worker.client.process_tree import kill_tree

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell and signals")
# Each prints its number; the last two belong to a group that does not lead back to the first.
FAMILY = """
echo $$
setsid sh -c 'echo $$; sleep 1000 & echo $!; wait' &
wait
"""


@pytest.fixture
def a_family() -> Iterator[tuple[subprocess.Popen, list[int]]]:
    """A shell, a shell that it started in another session, and a child of that; and their numbers."""
    with subprocess.Popen(["sh", "-c", FAMILY], stdout=subprocess.PIPE) as process:
        yield process, [int(process.stdout.readline()) for _ in range(3)]
        process.kill()


@needs_posix
@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_all_that_a_process_started_goes_with_it(a_family, monkeypatch, platform):
    if platform == "darwin":
        require_program("ps", "procps")
    if platform == "linux" and sys.platform != "linux":
        pytest.skip("needs /proc")
    monkeypatch.setattr(process_tree.sys, "platform", platform)
    process, numbers = a_family
    assert all(is_running(number) for number in numbers)
    kill_tree(process.pid)
    assert process.wait(20) == -9
    assert all(wait_until(lambda number=number: not is_running(number)) for number in numbers)


@needs_posix
def test_a_process_that_is_gone_is_left_alone():
    process = subprocess.Popen(["true"])
    process.wait()
    kill_tree(process.pid)


def test_on_windows_taskkill_is_started_without_a_window_and_not_waited_for(monkeypatch):
    started = []
    monkeypatch.setattr(process_tree.sys, "platform", "win32")
    monkeypatch.setattr(process_tree.subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    monkeypatch.setattr(process_tree.subprocess, "Popen", lambda *args, **options: started.append((args, options)))
    kill_tree(4711)
    ((command,), options) = started[0]
    assert command == ["taskkill", "/F", "/T", "/PID", "4711"]
    assert options["creationflags"] == 0x08000000
    assert options["stdout"] == subprocess.DEVNULL


def test_on_windows_a_missing_taskkill_is_no_error_of_its_own(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError(2, "taskkill")

    monkeypatch.setattr(process_tree.sys, "platform", "win32")
    monkeypatch.setattr(process_tree.subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    monkeypatch.setattr(process_tree.subprocess, "Popen", missing)
    kill_tree(4711)
