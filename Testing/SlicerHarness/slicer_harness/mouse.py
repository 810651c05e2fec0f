# SPDX-License-Identifier: Apache-2.0
"""The user's mouse: Qt's test events off screen, real events of the X server (xdotool) in a window."""

from __future__ import annotations

import subprocess
import time
from typing import Any

from PySide6 import QtCore, QtGui, QtTest, QtWidgets

_HEADER_Y = 12
_TIMEOUT_S = 5.0


def click(widget: QtWidgets.QWidget, position: QtCore.QPoint | None = None) -> None:
    """Click a widget where a user would; raise AssertionError if it is hidden or disabled."""
    _scroll_to(widget)
    if not widget.isVisible() or not widget.isEnabled():
        state = "hidden" if not widget.isVisible() else "disabled"
        message = f"{widget.objectName or widget} cannot be clicked: it is {state}"
        raise AssertionError(message)
    spot = position or _spot(widget)
    target = widget.childAt(spot) or widget
    spot = target.mapFrom(widget, spot) if target is not widget else spot
    if QtGui.QGuiApplication.platformName() == "xcb":
        _click_on_screen(target, spot)
    else:
        no_key = QtCore.Qt.KeyboardModifier.NoModifier
        QtTest.QTest.mouseClick(target, QtCore.Qt.MouseButton.LeftButton, no_key, spot)


def choose(box: Any, text: str) -> None:
    """Open a combo box or node selector and click the item with this text."""
    combo = getattr(box, "_combo", box)
    index = combo.findText(text)
    if index < 0:
        items = [combo.itemText(each) for each in range(combo.count)]
        message = f"{box.objectName} has no item {text!r}; it has {items}"
        raise AssertionError(message)
    _scroll_to(box)
    if not combo.isVisible() or not combo.isEnabled():
        message = f"{box.objectName} cannot be opened"
        raise AssertionError(message)
    combo.showPopup()
    view = combo.view()
    entry = view.model().index(index, combo.modelColumn)
    view.scrollTo(entry)
    click(view.viewport(), view.visualRect(entry).center())


def click_cell(table: QtWidgets.QTableWidget, row: int, column: int) -> None:
    """Click a cell of a table, on its check box if it has one."""
    item = table.item(row, column)
    rect = table.visualItemRect(item)
    ticked = (
        item.flags() & QtCore.Qt.ItemFlag.ItemIsUserCheckable
        and item.data(QtCore.Qt.ItemDataRole.CheckStateRole) is not None
    )
    click(table.viewport(), QtCore.QPoint(rect.left() + 10, rect.center().y()) if ticked else rect.center())


def _scroll_to(widget: QtWidgets.QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QtWidgets.QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def _spot(widget: QtWidgets.QWidget) -> QtCore.QPoint:
    if isinstance(widget, QtWidgets.QCheckBox | QtWidgets.QRadioButton):
        return QtCore.QPoint(8, widget.height // 2)
    if hasattr(type(widget), "contentsCollapsed"):
        return QtCore.QPoint(widget.width // 2, _HEADER_Y)
    return widget.rect.center()


class _Release(QtCore.QObject):
    _seen = False

    def eventFilter(self, _watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        # Checked before Qt handles the click, which may open a modal dialog.
        self._seen = self._seen or event.type() == QtCore.QEvent.Type.MouseButtonRelease
        return False

    def was_seen(self) -> bool:
        return self._seen


def _click_on_screen(target: QtWidgets.QWidget, spot: QtCore.QPoint) -> None:
    release = _Release()
    target.installEventFilter(release)
    at = target.mapToGlobal(spot)
    QtWidgets.QApplication.processEvents()
    subprocess.run(["xdotool", "mousemove", str(at.x()), str(at.y()), "click", "1"], check=True)
    end = time.monotonic() + _TIMEOUT_S
    while not release.was_seen():
        if time.monotonic() > end:
            message = f"the click at ({at.x()}, {at.y()}) did not reach {target.objectName or target}"
            raise AssertionError(message)
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)
    target.removeEventFilter(release)
