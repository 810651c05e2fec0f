# SPDX-License-Identifier: Apache-2.0
"""The module ``qt``."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from slicer_harness.qt_facade import allowed
from slicer_harness.qt_facade.attributes import guard_attributes
from slicer_harness.qt_facade.connections import give_connections
from slicer_harness.qt_facade.desktop import QDesktopServices
from slicer_harness.qt_facade.dialogs import install_dialogs
from slicer_harness.qt_facade.members import read_members
from slicer_harness.qt_facade.processes import QProcess
from slicer_harness.qt_facade.properties import expose_properties
from slicer_harness.qt_facade.settings import QSettings
from slicer_harness.qt_facade.timers import QTimer
from slicer_harness.qt_facade.ui_loader import QUiLoader

_OWN = (QDesktopServices, QProcess, QSettings, QTimer, QUiLoader)


class StrictModule(ModuleType):
    """Module whose error for a missing name says where to add it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        message = f"{self.__name__}.{name} is not on the harness's allow-list; if Slicer has it, add it there"
        raise AttributeError(message)


def make_qt_module() -> ModuleType:
    """Build ``qt``; modifies the classes of PySide6, once per process."""
    module = StrictModule("qt", __doc__)
    classes: dict[str, type] = {}
    for source, names in ((QtCore, allowed.CORE), (QtGui, allowed.GUI), (QtWidgets, allowed.WIDGETS)):
        classes.update({name: getattr(source, name) for name in names.split()})
    objects = {base for each in classes.values() if issubclass(each, QtCore.QObject) for base in each.__mro__}
    for each in sorted((c for c in objects if issubclass(c, QtCore.QObject)), key=lambda c: len(c.__mro__)):
        read_members(each)
        expose_properties(each)
        give_connections(each)
        guard_attributes(each)
    for name, members in allowed.REFUSED.items():
        if not issubclass(classes[name], QtCore.QObject):
            for member, reason in members.items():
                setattr(classes[name], member, _refusal(f"{name}.{member}", reason))
    install_dialogs()
    vars(module).update(classes)
    vars(module).update({each.__name__: each for each in _OWN})
    return module


def _refusal(name: str, reason: str) -> property:
    def read(_self: Any) -> Any:
        message = f"{name} is not in Slicer's qt ({reason})"
        raise AttributeError(message)

    return property(read)
