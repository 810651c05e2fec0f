# SPDX-License-Identifier: Apache-2.0
"""The widgets of the section Boxes."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.widgets.boxes_table import BoxesTable
from ICHSegmentationPanel.widgets.subtype_buttons import SubtypeButtons
from ICHSegmentationPanel.widgets.wrapped_label import wrapped_label


class BoxesWidgets:
    """The table, what can be done with a box, and which model fills boxes.

    Parameters
    ----------
    place : QWidget
        Its layout receives them.
    on_choose, on_add, on_rename : callable
        Called with the key of the chosen box, the subtype of a new one, and another subtype for the chosen one.
    """

    def __init__(
        self,
        place: Any,
        on_choose: Callable[[str], None],
        on_add: Callable[[str], None],
        on_rename: Callable[[str], None],
    ) -> None:
        layout = place.layout()
        self.shown = qt.QCheckBox(_("Show boxes"))
        self.shown.toolTip = _("Show the boxes of all lesions on the slices.")
        self.shown_3d = qt.QCheckBox(_("in 3D too"))
        self.shown_3d.toolTip = _("Show them in the 3D view as well.")
        self.table = BoxesTable(on_choose)
        self._model = wrapped_label()
        self._warning = wrapped_label()
        self._message = wrapped_label()
        self.delete_button = qt.QPushButton(_("Delete box"))
        self.delete_button.toolTip = _("Delete the chosen box and what is labelled in it.")
        self.undo_button = qt.QPushButton(_("Undo"))
        self.undo_button.toolTip = _("Take the last change back, of a box or of the tools below.")
        add, rename = qt.QHBoxLayout(), qt.QHBoxLayout()
        self._add = SubtypeButtons(add, "add", on_add)
        self._rename = SubtypeButtons(rename, "rename", on_rename)
        for buttons in (self._add, self._rename):
            buttons.show(mrml.subtype_names())
        form = qt.QFormLayout()
        form.addRow(_("Add box:"), add)
        form.addRow(_("Change to:"), rename)
        layout.addLayout(_row(self.shown, self.shown_3d))
        layout.addWidget(self._warning)
        layout.addWidget(self.table.widget)
        layout.addLayout(form)
        layout.addLayout(_row(self.delete_button, self.undo_button))
        layout.addWidget(self._message)
        layout.addWidget(self._model)
        self.say("")
        self.warn("")

    def allow(self, *, adding: bool, chosen: str) -> None:
        """Enable what can be done; ``chosen`` is the subtype of the chosen box, empty without one."""
        self._add.enable(adding)
        self._rename.enable(bool(chosen), but=chosen)
        self.delete_button.enabled = bool(chosen)

    def show_model(self, name: str) -> None:
        """Say which model fills boxes."""
        self._model.text = _("Boxes are filled by the model {model}.").format(model=escape(name))

    def warn(self, sentence: str) -> None:
        """Say why boxes cannot be changed, or nothing."""
        self._warning.text = escape(sentence)
        self._warning.visible = bool(sentence)

    @property
    def message(self) -> str:
        """What is said below the buttons, as rich text."""
        return str(self._message.text) if self._message.visible else ""

    def say(self, sentence: str) -> None:
        """Show a sentence below the buttons, or nothing."""
        self._message.text = f"<b>{escape(sentence)}</b>"
        self._message.visible = bool(sentence)


def _row(*widgets: Any) -> Any:
    row = qt.QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    return row
