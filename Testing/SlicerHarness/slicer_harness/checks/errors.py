# SPDX-License-Identifier: Apache-2.0
"""Collect errors that Slicer only prints: exceptions in slots and observers, warnings of Qt, errors of VTK."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

import vtk
from PySide6 import QtCore

_QT_COMPLAINTS = (
    "QObject::",
    "QLayout",
    "QWidget::",
    "QProcess:",
    "QThread",
    "QTimer",
    "QUiLoader",
    "QMetaObject",
    "QFormBuilder",
)


class ErrorLog:
    """Log of these errors between :meth:`open` and :meth:`close`."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def open(self) -> None:
        """Start collecting."""
        self._hook, sys.excepthook = sys.excepthook, self._raised
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._not_raised
        self._handler = QtCore.qInstallMessageHandler(self._qt_says)
        self._vtk_window = vtk.vtkOutputWindow.GetInstance()
        self._window = vtk.vtkOutputWindow()
        self._window.SetDisplayModeToNever()
        self._window.AddObserver("ErrorEvent", self._vtk_says)
        vtk.vtkOutputWindow.SetInstance(self._window)

    def close(self) -> None:
        """Stop collecting."""
        sys.excepthook = self._hook
        sys.unraisablehook = self._unraisable
        QtCore.qInstallMessageHandler(self._handler)
        vtk.vtkOutputWindow.SetInstance(self._vtk_window)

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.errors.append(
            "raised in a slot or an observer:\n" + "".join(traceback.format_exception(kind, error, trace))
        )

    def _not_raised(self, problem: sys.UnraisableHookArgs) -> None:
        if problem.exc_value is not None:
            self._raised(problem.exc_type, problem.exc_value, problem.exc_traceback)

    def _qt_says(self, _kind: QtCore.QtMsgType, _context: object, text: str) -> None:
        if text.startswith(_QT_COMPLAINTS):
            self.errors.append(f"Qt: {text}")

    @vtk.calldata_type(vtk.VTK_STRING)
    def _vtk_says(self, _window: object, _event: str, text: str) -> None:
        self.errors.append(f"VTK: {text.strip()}")
