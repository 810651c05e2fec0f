# SPDX-License-Identifier: Apache-2.0
"""Qt properties as Python attributes, as in PythonQt: ``w.text``, ``w.enabled = False``; ``w.text()`` is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QMetaProperty, QObject

from slicer_harness.qt_facade.allowed import APPLICATION_PROPERTIES

# PythonQt finds the static function of this name first, so QTimer has no such property.
_HIDDEN = {("QTimer", "singleShot")}


def expose_properties(qt_class: type[QObject]) -> None:
    """Replace the getters of ``qt_class`` by properties, overridden ones included."""
    meta = qt_class.staticMetaObject
    own = meta.propertyOffset()
    for index in range(meta.propertyCount()):
        entry = meta.property(index)
        name = entry.name()
        if (meta.className(), name) in _HIDDEN:
            continue
        application = issubclass(qt_class, QCoreApplication)
        if application and name not in APPLICATION_PROPERTIES:
            continue
        if index >= own or name in vars(qt_class):
            setattr(qt_class, name, _attribute(entry, None if application else vars(qt_class).get(name)))
    if qt_class is QObject:
        qt_class.name = qt_class.objectName  # alias in PythonQt
        qt_class.className = lambda self: self.metaObject().className()


def _attribute(entry: QMetaProperty, getter: Callable[[QObject], Any] | None) -> property:
    name = entry.name()

    def read(self: QObject) -> Any:
        # Where C++ calls the getter as a virtual function, property() would recurse without end.
        return getter(self) if callable(getter) else self.property(name)

    def write(self: QObject, value: Any) -> None:
        if not self.setProperty(name, value):
            message = f"{type(self).__name__}.{name} does not take {value!r}"
            raise TypeError(message)

    return property(read, write if entry.isWritable() else None)
