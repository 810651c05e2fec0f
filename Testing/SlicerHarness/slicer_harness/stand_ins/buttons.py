# SPDX-License-Identifier: Apache-2.0
"""Buttons of CTK with properties that Qt's buttons lack."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, Signal
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QCheckBox, QPushButton

from slicer_harness.stand_ins.base import StandIn


class ctkCheckBox(StandIn, QCheckBox):
    """A check box with an icon for its state."""

    _icon = QIcon()
    indicatorIcon = Property(QIcon, lambda self: self._icon, lambda self, value: setattr(self, "_icon", value))


class ctkPushButton(StandIn, QPushButton):
    """A button whose text may be elided."""


class ctkMenuButton(StandIn, QPushButton):
    """A button with a menu at its side."""


class ctkColorPickerButton(StandIn, QPushButton):
    """A button that holds a color."""

    colorChanged = Signal(QColor)
    colorNameChanged = Signal(str)
    _show_name = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._color = QColor("black")

    def setColor(self, color: QColor) -> None:
        """Set the color and emit the signal."""
        if color == self._color:
            return
        self._color = QColor(color)
        self.colorChanged.emit(self._color)
        self.colorNameChanged.emit(self._color.name())

    def setDisplayColorName(self, shown: bool) -> None:
        """Show the color's name as the text."""
        self._show_name = shown

    color = Property(QColor, lambda self: QColor(self._color), setColor, notify=colorChanged)
    colorName = Property(str, lambda self: self._color.name(), lambda self, name: self.setColor(QColor(name)))
    displayColorName = Property(bool, lambda self: self._show_name, setDisplayColorName)
