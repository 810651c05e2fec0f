# SPDX-License-Identifier: Apache-2.0
"""Labels of the panel: the only place that sets their text, with its format, so that no name is taken for markup."""

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


def show_text(label: Any, text: str) -> None:
    """Show plain text as it is, lines separated by newlines; an empty text hides the label."""
    label.textFormat = qt.Qt.PlainText
    label.text = text
    label.visible = bool(text)


def show_error(label: Any, text: str, next_step: str = "") -> None:
    """Show plain text in bold, and then what to do; an empty text hides the label."""
    show_rich(label, " ".join(part for part in (bold(text), rich(next_step)) if part) if text else "")


def show_rich(label: Any, text: str) -> None:
    """Show rich text whose parts were made by `rich` and `bold`; an empty text hides the label."""
    label.textFormat = qt.Qt.RichText
    label.text = text
    label.visible = bool(text)


def rich(text: str) -> str:
    """Return plain text as rich text."""
    return escape(text, quote=False).replace("\n", "<br>")


def bold(text: str) -> str:
    """Return plain text as bold rich text."""
    return f"<b>{rich(text)}</b>"
