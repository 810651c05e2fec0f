# SPDX-License-Identifier: Apache-2.0
"""State of processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process can be reaped only after the last of its threads has ended.
    threads = list(Path(f"/proc/{pid}/task").glob("*/stat"))
    return not threads or any(_state(thread) != "Z" for thread in threads)


def _state(stat: Path) -> str:
    try:
        # The state follows the name, which is in parentheses and may contain any character.
        return stat.read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Whether a condition becomes true within the time limit."""
    give_up_at = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.01)
    return True
