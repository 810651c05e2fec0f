# SPDX-License-Identifier: Apache-2.0
"""``qt.QUiLoader``: stand-ins for Slicer's widgets; properties, signals and slots in the .ui file must exist."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from PySide6 import QtCore, QtUiTools, QtWidgets

from slicer_harness.qt_facade.attributes import dropping_new_attributes
from slicer_harness.qt_facade.connections import connect
from slicer_harness.qt_facade.members import members_of
from slicer_harness.stand_ins.registry import widget_class


class QUiLoader(QtUiTools.QUiLoader):
    """Form loader that rejects unknown names."""

    def createWidget(self, class_name: str, parent: QtWidgets.QWidget | None = None, name: str = "") -> Any:
        """Create a widget of Qt or a stand-in; raise for an unknown class."""
        if class_name.startswith(("ctk", "q")):
            widget = widget_class(class_name)(parent)
            widget.setObjectName(name)
            return widget
        return super().createWidget(class_name, parent, name)

    def load(self, device: QtCore.QIODevice, parent: QtWidgets.QWidget | None = None) -> Any:
        """Load the file; connections are made in Python, where both ends are checked."""
        tree = ET.fromstring(bytes(device.readAll().data()))
        connections = [_connection(each) for each in tree.iter("connection")]
        for section in tree.findall("connections"):
            tree.remove(section)
        later = _take_properties(tree)
        text = QtCore.QBuffer()
        text.setData(ET.tostring(tree))
        text.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        with dropping_new_attributes():
            root = super().load(text, parent)
        if root is None:
            raise RuntimeError(self.errorString())
        widgets = {each.objectName: each for each in [root, *root.findChildren(QtCore.QObject)]}
        for name, key, value in later:
            setattr(widgets[name], key, value)
        for sender, signal, receiver, slot in connections:
            connect(widgets[sender], signal, widgets[receiver], slot)
        return root


def _connection(element: ET.Element) -> tuple[str, ...]:
    return tuple(str(element.findtext(each)) for each in ("sender", "signal", "receiver", "slot"))


def _take_properties(tree: ET.Element) -> list[tuple[str, str, Any]]:
    """Remove the properties of stand-ins from the file; those of Qt's classes are checked and left to Qt."""
    taken = []
    for element in tree.iter("widget"):
        kind, name = str(element.get("class")), str(element.get("name"))
        stand_in = widget_class(kind) if kind.startswith(("ctk", "q")) else None
        own = stand_in.property_names() if stand_in is not None else frozenset()
        qts = members_of(stand_in or getattr(QtWidgets, kind, QtWidgets.QWidget)).properties
        for entry in element.findall("property"):
            key = str(entry.get("name"))
            if (key in qts and key not in own) or entry.get("stdset") == "0" or kind == "Line":
                continue
            if key not in own:
                message = f"{kind} {name!r} has no property {key!r}"
                raise AttributeError(message)
            taken.append((name, key, _value(entry[0])))
            element.remove(entry)
    return taken


def _value(element: ET.Element) -> Any:
    text = element.text or ""
    if element.tag == "bool":
        return text == "true"
    if element.tag == "number":
        return int(text)
    if element.tag == "double":
        return float(text)
    if element.tag == "stringlist":
        return [each.text or "" for each in element]
    if element.tag in ("enum", "set"):
        return _enumerator(text)
    return text


def _enumerator(text: str) -> Any:
    value: Any = None
    for part in text.split("|"):
        scope, _, name = part.rpartition("::")
        owner = (
            QtCore.Qt
            if scope == "Qt"
            else widget_class(scope)
            if scope.startswith("ctk")
            else getattr(QtWidgets, scope)
        )
        value = getattr(owner, name) if value is None else value | getattr(owner, name)
    return value
