# SPDX-License-Identifier: Apache-2.0
"""Kill a process with all that it has started.

A launcher may stand between host and worker, as Slicer's does, and killing the launcher alone leaves the worker. The
children are therefore looked up at the time. Groups and sessions are not relied on: QProcess of Qt 5 cannot make any.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path


def kill_tree(pid: int) -> None:
    """Kill a process and its children; does nothing where it has ended. Its parent has to wait for it.

    On Windows ``taskkill /F /T`` does it, and is not waited for since it takes some tenths of a second. Elsewhere the
    process is stopped, so that it starts no more, its children are looked up, and all get SIGKILL.
    """
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(pid)]
        with contextlib.suppress(OSError):
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=subprocess.CREATE_NO_WINDOW,
            )
        return
    _send(pid, signal.SIGSTOP)
    family = [pid]
    for member in family:
        for child in _children().get(member, ()):
            _send(child, signal.SIGSTOP)
            family.append(child)
    for member in family:
        _send(member, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _children() -> dict[int, list[int]]:
    """Return the children of every process."""
    children: dict[int, list[int]] = defaultdict(list)
    for pid, parent in _read_proc() if sys.platform == "linux" else _ask_ps():
        children[parent].append(pid)
    return children


def _read_proc() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                # The state and the parent follow the name, which is in brackets and may hold any character.
                yield int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])


def _ask_ps() -> Iterator[tuple[int, int]]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
    for line in table.splitlines():
        pid, parent = line.split()
        yield int(pid), int(parent)
