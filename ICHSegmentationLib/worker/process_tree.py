# SPDX-License-Identifier: Apache-2.0
"""Start a process so that it can be killed with all its children, and kill it so."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any


def start_options() -> dict[str, Any]:
    """Return the arguments of :class:`subprocess.Popen` that `kill_tree` relies on.

    On POSIX the process leads a session and thereby a group of its own. On Windows no console window appears.
    """
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children, and wait until it is gone. Does nothing if it has ended by itself."""
    if process.poll() is None:
        if sys.platform == "win32":
            command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
            subprocess.run(command, capture_output=True, check=False, creationflags=subprocess.CREATE_NO_WINDOW)
        else:
            # macOS refuses a group in which all have ended.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()
