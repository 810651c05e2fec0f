# SPDX-License-Identifier: Apache-2.0
"""Kill a process with all that it has started.

A launcher may stand between client and worker, as Slicer's does, and killing the launcher alone leaves the worker.
Process groups are not relied on: QProcess of Qt 5 cannot make any.
"""

from __future__ import annotations

from contextlib import suppress

import psutil


def kill_tree(pid: int) -> None:
    """Kill a process and its descendants; do nothing where it has ended. Its parent has to wait for it.

    Each process is stopped before its children are looked up, so that it cannot start any more.
    """
    with suppress(psutil.NoSuchProcess):
        family = [psutil.Process(pid)]
        for member in family:
            with suppress(psutil.Error):
                member.suspend()
                family += member.children()
        for member in family:
            with suppress(psutil.Error):
                member.kill()
