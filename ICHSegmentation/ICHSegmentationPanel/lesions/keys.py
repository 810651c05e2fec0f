# SPDX-License-Identifier: Apache-2.0
"""Keys that choose the next and the previous lesion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer

NEXT, PREVIOUS = "Alt+Down", "Alt+Up"
"""Neither Slicer's views nor the Segment Editor use them."""


class LesionKeys:
    """Shortcuts of the main window, as long as the module is shown.

    Parameters
    ----------
    step : callable
        Called with 1 for the next lesion and -1 for the previous one.
    """

    def __init__(self, step: Callable[[int], None]) -> None:
        self._step = step
        self._shortcuts: list[Any] = []

    def install(self) -> None:
        """Enable the keys."""
        window = slicer.util.mainWindow()
        if self._shortcuts or window is None:
            return
        for keys, by in ((NEXT, 1), (PREVIOUS, -1)):
            shortcut = qt.QShortcut(window)
            shortcut.setKey(qt.QKeySequence(keys))
            shortcut.connect("activated()", lambda by=by: self._step(by))
            self._shortcuts.append(shortcut)

    def remove(self) -> None:
        """Disable the keys."""
        for shortcut in self._shortcuts:
            shortcut.setParent(None)
            shortcut.deleteLater()
        self._shortcuts = []
