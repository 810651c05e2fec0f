# SPDX-License-Identifier: Apache-2.0
"""Scrolling the panel without changing what the mouse happens to be over."""

from __future__ import annotations

from typing import Any

import qt


class WheelGuard(qt.QObject):
    """Gives the wheel to a widget that was clicked before only; else the panel scrolls.

    Keep it as long as the widgets: Qt does not.
    """

    def protect(self, widget: Any) -> None:
        """Guard a list or a spin box."""
        widget.setFocusPolicy(qt.Qt.StrongFocus)
        widget.installEventFilter(self)

    def eventFilter(self, widget: Any, event: Any) -> bool:
        """Keep the wheel from a widget without the focus."""
        if event.type() != qt.QEvent.Wheel or widget.focus:
            return False
        # Ignored, it goes on to the panel.
        event.ignore()
        return True
