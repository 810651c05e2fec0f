# SPDX-License-Identifier: Apache-2.0
"""Run tests in a real window: on a private X server (Xvfb), with pytest in a separate process."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_SCREEN = "1600x1200x24"


def missing_for_a_window() -> str | None:
    """Return what this machine lacks for a test in a window, or None."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            return f"needs {program}"
    for library in ("xcb-cursor", "xcb-icccm", "xcb-keysyms", "xkbcommon-x11"):
        if ctypes.util.find_library(library) is None:
            return f"needs lib{library}"
    return None


@contextmanager
def a_screen() -> Generator[str]:
    """Start an X server without a monitor; yield the name of its display."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", _SCREEN, "-nolisten", "tcp"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def run_in_a_window(test: str, *, timeout_s: float = 900) -> subprocess.CompletedProcess[str]:
    """Run a test, given by its pytest node id, with real clicks; return its exit code and output."""
    root = Path(__file__).resolve().parents[3]
    with a_screen() as display:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "QT_XCB_NO_XI2_MOUSE": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
