# SPDX-License-Identifier: Apache-2.0
"""Collapsible boxes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QGroupBox, QStyle, QStyleOption, QWidget

from slicer_harness.stand_ins.base import StandIn

_HEADER = 24
_UNLIMITED = 16_777_215


def _show_children(box: QWidget, shown: bool) -> None:
    """Show or hide the children, except those that someone else has hidden, before or meanwhile.

    As ctk does: a child that the box hides is not marked as explicitly hidden, so a child with this mark was hidden by
    someone else.
    """
    mark = Qt.WidgetAttribute.WA_WState_ExplicitShowHide
    for child in box.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if shown and child.isHidden() and not child.testAttribute(mark):
            child.setVisible(True)
        elif not shown and not child.isHidden():
            child.setVisible(False)
            child.setAttribute(mark, False)


class ctkCollapsibleButton(StandIn, QAbstractButton):
    """Header that shows and hides its contents."""

    contentsCollapsed = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        parent = arguments[-1] if arguments and not isinstance(arguments[-1], str) else None
        super().__init__(parent)
        if arguments and isinstance(arguments[0], str):
            self.text = arguments[0]
        self._collapsed = False
        self._collapsed_height = 10
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, _HEADER, 0, 0)
        self.toggled.connect(lambda on: self._collapse(not on))

    def _collapse(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        _show_children(self, not collapsed)
        self.setMaximumHeight(_HEADER + self._collapsed_height if collapsed else _UNLIMITED)
        self.setChecked(not collapsed)
        self.contentsCollapsed.emit(collapsed)

    collapsed = Property(bool, lambda self: self._collapsed, _collapse, notify=contentsCollapsed)
    collapsedHeight = Property(
        int, lambda self: self._collapsed_height, lambda self, value: setattr(self, "_collapsed_height", value)
    )
    flat = Property(bool, lambda self: self._flat, lambda self, value: setattr(self, "_flat", value))
    _flat = False

    def hitButton(self, position: QPoint) -> bool:
        """Accept clicks on the header only."""
        return QRect(0, 0, self.width, _HEADER).contains(position)

    def sizeHint(self) -> Any:
        """Return the size hint of the contents."""
        layout = self.layout()
        return layout.totalSizeHint() if layout is not None else super().minimumSize

    def minimumSizeHint(self) -> Any:
        """Return the minimum size of the contents."""
        layout = self.layout()
        return layout.totalMinimumSize() if layout is not None else super().minimumSize

    def event(self, event: QEvent) -> bool:
        """Update the size when the contents change."""
        if event.type() == QEvent.Type.LayoutRequest:
            if self._collapsed:
                _show_children(self, False)  # children added meanwhile
            self.updateGeometry()
        return bool(super().event(event))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the header: an arrow and the title."""
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width, _HEADER - 2, self.palette.button())
        arrow = QStyleOption()
        arrow.rect = QRect(6, 4, 14, 14)
        kind = (
            QStyle.PrimitiveElement.PE_IndicatorArrowRight
            if self._collapsed
            else QStyle.PrimitiveElement.PE_IndicatorArrowDown
        )
        self.style().drawPrimitive(kind, arrow, painter, self)
        painter.drawText(QRect(26, 0, self.width - 30, _HEADER - 2), Qt.AlignmentFlag.AlignVCenter, self.text)
        painter.end()


class qMRMLCollapsibleButton(ctkCollapsibleButton):
    """Collapsible button with a scene."""


class ctkCollapsibleGroupBox(StandIn, QGroupBox):
    """A group box whose title hides its contents."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._collapsed_height = 14
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(self._show)

    def _show(self, shown: bool) -> None:
        _show_children(self, shown)

    collapsed = Property(bool, lambda self: not self.checked, lambda self, value: self.setChecked(not value))
    collapsedHeight = Property(
        int, lambda self: self._collapsed_height, lambda self, value: setattr(self, "_collapsed_height", value)
    )
