# SPDX-License-Identifier: Apache-2.0
"""Widgets of the section Lesions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.lesions.keys import NEXT, PREVIOUS
from ICHSegmentationPanel.lesions.table import LesionsTable
from ICHSegmentationPanel.widgets.labels import show_error, show_text, wrapped_label
from ICHSegmentationPanel.widgets.subtype_buttons import SubtypeButtons


class LesionsWidgets:
    """Table, buttons and messages.

    Parameters
    ----------
    place : QWidget
        Its layout gets the widgets.
    on_choose : callable
        Called with the key of the chosen lesion.
    on_rename : callable
        Called with the key of a lesion and its new subtype.
    on_click, on_draw : callable
        Called with the subtype of a missed lesion that the user wants to click on, or to draw a box around.
    """

    def __init__(
        self,
        place: Any,
        on_choose: Callable[[str], None],
        on_rename: Callable[[str, str], None],
        on_click: Callable[[str], None],
        on_draw: Callable[[str], None],
    ) -> None:
        names = mrml.subtype_names()
        self.table = LesionsTable({key: mrml.subtype_look(key) for key in names}, on_choose, on_rename)
        self.shown = _check_box(_("Show all boxes"), _("Show the boxes of all lesions, not only of the chosen one."))
        self.shown_3d = _check_box(_("in 3D too"), _("Show the boxes in the 3D view too."))
        self.previous_button = _button(_("Previous"), _("Previous lesion ({key})").format(key=PREVIOUS))
        self.next_button = _button(_("Next"), _("Next lesion ({key})").format(key=NEXT))
        self.undo_button = _button(_("Undo"), _("Undo the last change of a lesion, a box or by the tools below."))
        self.delete_button = _button(_("Delete"), _("Delete the chosen lesion and its box."))
        self.redraw_button = _button(
            _("Redraw box"),
            _("Segment the chosen lesion again in a box that you draw: click on two opposite corners in a slice view."),
        )
        self.restore_button = _button(_("Restore"), _("Restore the model's result of the chosen lesion."))
        self.restore_all_button = _button(
            _("Restore all"), _("Restore the model's whole result; Undo brings the corrections back.")
        )
        self._warning, self._message, self._model = wrapped_label(), wrapped_label(), wrapped_label()
        click, draw = qt.QHBoxLayout(), qt.QHBoxLayout()
        self._click = SubtypeButtons(click, "click", on_click)
        self._draw = SubtypeButtons(draw, "draw", on_draw)
        for buttons in (self._click, self._draw):
            buttons.show(names)
        form = qt.QFormLayout()
        form.addRow(_("Add by a click:"), click)
        form.addRow(_("Add in a box:"), draw)
        layout = place.layout()
        layout.addWidget(self._warning)
        layout.addWidget(self.table.widget)
        layout.addLayout(_row(self.previous_button, self.next_button, self.undo_button))
        layout.addLayout(_row(self.delete_button, self.redraw_button, self.restore_button, self.restore_all_button))
        layout.addLayout(form)
        layout.addWidget(self._message)
        layout.addLayout(_row(self.shown, self.shown_3d))
        layout.addWidget(self._model)
        self.say("")
        self.warn("")

    def allow(self, *, adding: bool, chosen: bool, restoring: bool) -> None:
        """Enable the possible actions.

        Parameters
        ----------
        adding : bool
            Whether boxes can be added and changed.
        chosen : bool
            Whether a lesion is chosen.
        restoring : bool
            Whether the model has a result for the chosen lesion.
        """
        for buttons in (self._click, self._draw):
            buttons.enable(adding)
        self.table.allow(adding)
        self.delete_button.enabled = self.redraw_button.enabled = adding and chosen
        self.restore_button.enabled = restoring

    def show_model(self, name: str) -> None:
        """Show which model segments boxes."""
        show_text(self._model, _("Boxes are segmented with the model {model}.").format(model=name))

    def warn(self, sentence: str) -> None:
        """Show why boxes cannot be changed; empty hides the warning."""
        show_text(self._warning, sentence)

    @property
    def message(self) -> str:
        """Message below the buttons, as rich text."""
        return str(self._message.text) if self._message.visible else ""

    def say(self, sentence: str) -> None:
        """Show a message below the buttons; empty hides it."""
        show_error(self._message, sentence)


def _check_box(text: str, tip: str) -> Any:
    box = qt.QCheckBox(text)
    box.toolTip = tip
    return box


def _button(text: str, tip: str) -> Any:
    """Return a tool button: narrower than a push button, and as wide as its share of the row."""
    button = qt.QToolButton()
    button.text = text
    button.toolTip = tip
    button.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
    return button


def _row(*widgets: Any) -> Any:
    row = qt.QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row
