# SPDX-License-Identifier: Apache-2.0
"""``qt.QProcess`` with a list of the running processes."""

from __future__ import annotations

import weakref

import shiboken6
from PySide6 import QtCore

_processes: weakref.WeakSet[QtCore.QProcess] = weakref.WeakSet()


class QProcess(QtCore.QProcess):
    """Process that the checks know."""

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        _processes.add(self)


def running_processes() -> list[QtCore.QProcess]:
    """Return the processes that are running."""
    stopped = QtCore.QProcess.ProcessState.NotRunning
    return [each for each in _processes if shiboken6.isValid(each) and each.state() != stopped]
