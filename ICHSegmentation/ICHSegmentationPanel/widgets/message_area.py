# SPDX-License-Identifier: Apache-2.0
"""Messages of the panel: one sentence, the next step, and a button for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from slicer.i18n import tr as _


class MessageArea:
    """Message area below the progress bar.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    diagnostics : callable
        Returns the text for "Copy diagnostics".
    """

    def __init__(self, ui: Any, diagnostics: Callable[[], str]) -> None:
        self._ui = ui
        self._diagnostics = diagnostics
        self._action: Callable[[], None] | None = None
        ui.nextStepButton.connect("clicked()", self._act)
        ui.diagnosticsButton.connect("clicked()", self._copy)
        self.clear()

    def clear(self) -> None:
        """Hide the message."""
        self._show("")

    def say(self, sentence: str, details: Iterable[str] = ()) -> None:
        """Show a message with details."""
        self._show("<br>".join(map(escape, (sentence, *details))))

    def complain(
        self, sentence: str, next_step: str = "", *, label: str = "", action: Callable[[], None] | None = None
    ) -> None:
        """Show an error and the next step, with a button if there is an action."""
        self._show(f"<b>{escape(sentence)}</b> {escape(next_step)}", label, action)

    def _show(self, text: str, label: str = "", action: Callable[[], None] | None = None) -> None:
        self._action = action
        self._ui.messageLabel.text = text
        self._ui.messageLabel.visible = bool(text)
        self._ui.nextStepButton.text = label
        self._ui.nextStepButton.visible = action is not None

    def _act(self) -> None:
        if self._action is not None:
            self._action()

    def _copy(self) -> None:
        import slicer

        slicer.app.clipboard().setText(self._diagnostics())
        slicer.util.showStatusMessage(_("The diagnostics are on the clipboard."), 3000)
