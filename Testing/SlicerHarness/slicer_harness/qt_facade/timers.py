# SPDX-License-Identifier: Apache-2.0
"""``qt.QTimer`` with a list of the running timers."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore

from slicer_harness.qt_facade.connections import connect

_timers: weakref.WeakSet[QtCore.QTimer] = weakref.WeakSet()
_single_shots: set[QtCore.QTimer] = set()


class QTimer(QtCore.QTimer):
    """Timer that the checks know."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        _timers.add(self)

    @staticmethod
    def singleShot(msec: int, receiver: Callable[[], Any]) -> None:
        """Call ``receiver`` once; the only form in PythonQt."""
        timer = QTimer()
        timer.setSingleShot(True)

        def fire() -> None:
            _single_shots.discard(timer)
            receiver()

        _single_shots.add(timer)
        connect(timer, "timeout()", fire)
        timer.start(msec)


def running_timers() -> list[QtCore.QTimer]:
    """Return the timers that are active."""
    return [each for each in _timers if shiboken6.isValid(each) and each.isActive()]


def stop_timers() -> None:
    """Stop all timers."""
    for timer in running_timers():
        timer.stop()
    _single_shots.clear()
