# SPDX-License-Identifier: Apache-2.0
"""Diagnostics that a user can copy and send to the developers."""

from __future__ import annotations

import platform
import time
from collections import deque

import slicer

_MAX_NOTES = 100


class Diagnostics:
    """Versions, requests with their outcome, and the worker's log.

    It contains no name, date or identifier of a patient: only the grid size of a scan is noted, the worker receives
    only voxels and geometry (and the paths of an export), and paths are removed.
    """

    def __init__(self) -> None:
        self._notes: deque[str] = deque(maxlen=_MAX_NOTES)
        self._worker: tuple[str, ...] = ()

    def note(self, text: str) -> None:
        """Add a note with the time of day."""
        self._notes.append(f"{time.strftime('%H:%M:%S')} {text}")

    def keep(self, lines: tuple[str, ...]) -> None:
        """Replace the worker's log, unless the new one is empty."""
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
