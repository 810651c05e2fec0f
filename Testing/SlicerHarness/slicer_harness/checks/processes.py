# SPDX-License-Identifier: Apache-2.0
"""Find the processes that a test started, orphans included."""

from __future__ import annotations

import os
import signal
import uuid
from pathlib import Path

_MARK = "SLICER_HARNESS_TEST"


def mark_processes() -> str:
    """Mark the environment of all processes that are started from now on; return the mark."""
    mark = uuid.uuid4().hex
    os.environ[_MARK] = mark
    return mark


def marked_processes(mark: str) -> dict[int, str]:
    """Return the command of each running process with the mark, by process id (Linux only)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) == os.getpid() or f"{_MARK}={mark}".encode() not in (folder / "environ").read_bytes():
                continue
            if (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:  # has just ended, or belongs to another user
            continue
    return found


def kill(processes: dict[int, str]) -> None:
    """Kill processes that are still running."""
    for number in processes:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue
