# SPDX-License-Identifier: Apache-2.0
"""A process is killed with its descendants."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from builders.processes import is_running, wait_until

from ICHSegmentationLib.worker.client.process_tree import kill_tree, wait_for_end

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
def test_all_that_a_process_started_goes_with_it(a_family):
    process, numbers = a_family
    assert all(is_running(number) for number in numbers)
    kill_tree(process.pid)
    assert process.wait(20) == -9
    assert all(wait_until(lambda number=number: not is_running(number)) for number in numbers)


@needs_posix
def test_the_descendants_have_ended_after_the_wait(a_family):
    process, numbers = a_family
    descendants = kill_tree(process.pid)
    assert {each.pid for each in descendants} == set(numbers[1:])
    process.wait(20)
    wait_for_end(descendants, 20)
    assert not any(map(is_running, numbers))


@needs_posix
def test_the_wait_lasts_until_the_end_or_the_time_limit():
    with subprocess.Popen(["sleep", "1000"]) as process:
        started = time.monotonic()
        wait_for_end([psutil.Process(process.pid)], 0.2)
        assert time.monotonic() - started >= 0.2
        process.kill()
        wait_for_end([psutil.Process(process.pid)], 20)
        assert not is_running(process.pid)


@needs_posix
def test_a_process_that_is_gone_is_left_alone():
    process = subprocess.Popen(["true"])
    process.wait()
    kill_tree(process.pid)


def test_a_process_that_may_not_be_stopped_is_no_error(monkeypatch):
    class Protected:
        def __init__(self, pid):
            self.pid = pid

        def suspend(self):
            raise psutil.AccessDenied(self.pid)

        kill = suspend

    monkeypatch.setattr(psutil, "Process", Protected)
    kill_tree(4711)
