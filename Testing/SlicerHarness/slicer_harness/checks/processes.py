# SPDX-License-Identifier: Apache-2.0
"""Processes that a test started, also those that outlived the process which started them."""

from __future__ import annotations

import os
import signal
import uuid
from pathlib import Path

_MARK = "SLICER_HARNESS_TEST"


def mark_processes() -> str:
    """Let every process started from now on carry a mark in its environment."""
    mark = uuid.uuid4().hex
    os.environ[_MARK] = mark
    return mark


def marked_processes(mark: str) -> dict[int, str]:
    """Processes with the mark that are alive, by number with their command; Linux only."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.name) == os.getpid() or f"{_MARK}={mark}".encode() not in (folder / "environ").read_bytes():
                continue
            if (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:  # it has just ended, or is another user's
            continue
    return found


def kill(processes: dict[int, str]) -> None:
    """End what should have ended."""
    for number in processes:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue
