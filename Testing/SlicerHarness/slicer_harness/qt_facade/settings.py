# SPDX-License-Identifier: Apache-2.0
"""``qt.QSettings`` in a file of the test's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6 import QtCore


class QSettings(QtCore.QSettings):
    """Settings without PySide's third argument of ``value``, which PythonQt lacks."""

    def value(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``; numbers and booleans read from a file are text, as in Slicer."""
        return super().value(key, default)


def use_settings_folder(folder: Path) -> None:
    """Make QSettings() read and write below ``folder`` only."""
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
    for scope in (QtCore.QSettings.Scope.UserScope, QtCore.QSettings.Scope.SystemScope):
        QtCore.QSettings.setPath(QtCore.QSettings.Format.IniFormat, scope, str(folder))
