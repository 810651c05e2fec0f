# SPDX-License-Identifier: Apache-2.0
"""A row of buttons, one for each subtype."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt


class SubtypeButtons:
    """Buttons side by side; narrower than push buttons, as Slicer's users like narrow panels.

    Parameters
    ----------
    layout : QLayout
        Where they are put.
    prefix : str
        Their object names begin with it.
    on_click : callable
        Called with the subtype, as ``IPH``.
    """

    def __init__(self, layout: Any, prefix: str, on_click: Callable[[str], None]) -> None:
        self._layout = layout
        self._prefix = prefix
        self._on_click = on_click
        self._buttons: dict[str, Any] = {}

    def show(self, names: Mapping[str, str]) -> None:
        """Have one button for each subtype; its tool tip is the name written out."""
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

    def enable(self, enabled: bool, *, but: str = "") -> None:
        """Let all be clicked or none, and never the one of a subtype that would change nothing."""
        for key, button in self._buttons.items():
            button.enabled = enabled and key != but
