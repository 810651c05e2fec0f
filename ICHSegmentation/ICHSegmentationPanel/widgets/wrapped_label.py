# SPDX-License-Identifier: Apache-2.0
"""Labels for a narrow panel."""

from __future__ import annotations

from html import escape
from typing import Any

import qt


def wrapped_label() -> Any:
    """Return a label that wraps its text and never widens the panel."""
    label = qt.QLabel()
    # A collapsible section is at least as wide as the preferred width of its widgets.
    label.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
    label.wordWrap = True
    return label


def show_sentence(label: Any, sentence: str, *, bold: bool = False) -> None:
    """Show a sentence, bold for an error; an empty one hides the label."""
    label.text = f"<b>{escape(sentence)}</b>" if bold else escape(sentence)
    label.visible = bool(sentence)
