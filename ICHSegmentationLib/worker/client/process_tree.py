# SPDX-License-Identifier: Apache-2.0
"""Kill a process and its descendants.

The client may have started the worker through a launcher such as Slicer's; killing only the launcher would leave the
worker running. Process groups are not used, since QProcess of Qt 5 cannot create them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

_POLL_S = 0.005


def kill_tree(pid: int) -> tuple[psutil.Process, ...]:
    """Kill a process and its descendants; do nothing if it has ended.

    Each process is suspended before its children are listed, so that it cannot start more. The parent must wait for the
    process itself; a killed process takes a moment to end on a busy computer.

    Returns
    -------
    tuple of psutil.Process
        The descendants, for which `wait_for_end` can wait.
    """
    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        family = [psutil.Process(pid)]
        for member in family:
            with suppress(psutil.Error):
                member.suspend()
                family += member.children()
        for member in family:
            with suppress(psutil.Error):
                member.kill()
    return tuple(family[1:])


def wait_for_end(processes: Iterable[psutil.Process], timeout_s: float) -> None:
    """Wait until killed processes, which are no children of this one, have ended, at most for a time limit."""
    end = time.monotonic() + timeout_s
    for process in processes:
        while _is_alive(process) and time.monotonic() < end:
            time.sleep(_POLL_S)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
