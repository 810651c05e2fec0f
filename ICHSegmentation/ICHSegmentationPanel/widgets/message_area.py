# SPDX-License-Identifier: Apache-2.0
"""Messages of the panel: one sentence, the next step, and a button for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.labels import show_error, show_text


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
        self.say("")

    def say(self, sentence: str, details: Iterable[str] = ()) -> None:
        """Show a message with details."""
        show_text(self._ui.messageLabel, "\n".join((sentence, *details)))
        self._offer()

    def complain(
        self, sentence: str, next_step: str = "", *, label: str = "", action: Callable[[], None] | None = None
    ) -> None:
        """Show an error and the next step, with a button if there is an action."""
        show_error(self._ui.messageLabel, sentence, next_step)
        self._offer(label, action)

    def _offer(self, label: str = "", action: Callable[[], None] | None = None) -> None:
        self._action = action
        self._ui.nextStepButton.text = label
        self._ui.nextStepButton.visible = action is not None

    def _act(self) -> None:
        if self._action is not None:
            self._action()

    def _copy(self) -> None:
        import slicer

        slicer.app.clipboard().setText(self._diagnostics())
        slicer.util.showStatusMessage(_("The diagnostics are on the clipboard."), 3000)
