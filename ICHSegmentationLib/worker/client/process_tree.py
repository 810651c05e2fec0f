# SPDX-License-Identifier: Apache-2.0
"""Kill a process and its descendants.

The client may have started the worker through a launcher such as Slicer's; killing only the launcher would leave the
worker running. Process groups are not used, since QProcess of Qt 5 cannot create them.
"""

from __future__ import annotations

from contextlib import suppress

import psutil


def kill_tree(pid: int) -> None:
    """Kill a process and its descendants; do nothing if it has ended. The parent must wait for it.

    Each process is suspended before its children are listed, so that it cannot start more.
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
