# SPDX-License-Identifier: Apache-2.0
"""What a user can copy and send when something went wrong."""

from __future__ import annotations

import platform
import time
from collections import deque

import slicer

_MOST_NOTES = 100


class Diagnostics:
    """Versions, what was asked and how it ended, and the worker's log.

    No name, date or identifier of a patient: nothing of a scan but the size of its grid is noted, the worker is given
    no more than voxels and geometry but for the paths of an export, and paths are left out.
    """

    def __init__(self) -> None:
        self._notes: deque[str] = deque(maxlen=_MOST_NOTES)
        self._worker: tuple[str, ...] = ()

    def note(self, text: str) -> None:
        """Take note of something that happened now."""
        self._notes.append(f"{time.strftime('%H:%M:%S')} {text}")

    def keep(self, lines: tuple[str, ...]) -> None:
        """Keep the worker's log, unless it is empty."""
        self._worker = lines or self._worker

    def text(self) -> str:
        """Return everything as text."""
        try:
            from ICHSegmentationLib.core.version import __version__
            from ICHSegmentationLib.worker.protocol.log import without_paths
        except ImportError as error:
            return f"ICHSegmentationLib cannot be imported: {error}\n"
        return "\n".join(
            (
                "ICHSegmentation diagnostics. Versions, system, requests and the worker's log; no patient data.",
                f"ICHSegmentation {__version__}, 3D Slicer {slicer.app.applicationVersion}, "
                f"Python {platform.python_version()}, {platform.platform()}",
                "",
                "Requests:",
                *map(without_paths, self._notes),
                "",
                "Worker:",
                *self._worker,
                "",
            )
        )
