# SPDX-License-Identifier: Apache-2.0
"""Protection of widgets against accidental changes by the mouse wheel."""

from __future__ import annotations

from typing import Any

import qt


class WheelGuard(qt.QObject):
    """Event filter that passes the wheel only to the focused widget; else the panel scrolls.

    Keep a reference to it as long as the widgets exist: Qt does not.
    """

    def protect(self, widget: Any) -> None:
        """Install the filter on a combo box or spin box."""
        widget.setFocusPolicy(qt.Qt.StrongFocus)
        widget.installEventFilter(self)

    def eventFilter(self, widget: Any, event: Any) -> bool:
        """Ignore wheel events of a widget without focus."""
        if event.type() != qt.QEvent.Wheel or widget.focus:
            return False
        # An ignored event is passed on to the panel.
        event.ignore()
        return True
