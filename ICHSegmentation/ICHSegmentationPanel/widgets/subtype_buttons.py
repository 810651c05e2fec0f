# SPDX-License-Identifier: Apache-2.0
"""Row of buttons, one per subtype."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt


class SubtypeButtons:
    """Row of tool buttons, which are narrower than push buttons.

    Parameters
    ----------
    layout : QLayout
        Gets the buttons.
    prefix : str
        Start of their object names.
    on_click : callable
        Called with the subtype, as ``IPH``, of a clicked button.
    """

    def __init__(self, layout: Any, prefix: str, on_click: Callable[[str], None]) -> None:
        self._layout = layout
        self._prefix = prefix
        self._on_click = on_click
        self._buttons: dict[str, Any] = {}

    def show(self, names: Mapping[str, str]) -> None:
        """Create one button per subtype, with its full name as tool tip."""
        if list(names) == list(self._buttons):
            return
        for button in self._buttons.values():
            button.setParent(None)
            button.deleteLater()
        self._buttons = {}
        for key, name in names.items():
            button = qt.QToolButton()
            button.text = key
            button.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
            button.objectName = f"{self._prefix}{key}Button"
            button.toolTip = name
            button.connect("clicked()", lambda key=key: self._on_click(key))
            self._layout.addWidget(button)
            self._buttons[key] = button

    def enable(self, enabled: bool, *, except_for: str = "") -> None:
        """Enable or disable all buttons; that of ``except_for`` is always disabled."""
        for key, button in self._buttons.items():
            button.enabled = enabled and key != except_for
