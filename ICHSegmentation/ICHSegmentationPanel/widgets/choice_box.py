# SPDX-License-Identifier: Apache-2.0
"""Combo box for a score item: the proposal or the user's own value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib.measurement.score_items import NOT_DETERMINED

_MIN_CHARACTERS = 5


class ChoiceBox:
    """Combo box; the first entry is the proposal (None), the last "not determined".

    Parameters
    ----------
    choices : sequence of (object, str)
        Values with their titles, between the two.
    on_change : callable
        Called after the user chose an entry.
    """

    def __init__(self, choices: Sequence[tuple[Any, str]], on_change: Callable[[], None]) -> None:
        self._values = [None, *(value for value, _title in choices), NOT_DETERMINED]
        self.widget = qt.QComboBox()
        # Texts may be cut off in a narrow panel; the open list shows them in full.
        self.widget.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        self.widget.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.widget.minimumContentsLength = _MIN_CHARACTERS
        for title in ("", *(title for _value, title in choices), _("not determined")):
            self.widget.addItem(title)
        self.widget.connect("activated(int)", lambda _index: on_change())

    @property
    def value(self) -> Any:
        """The chosen value; None is the proposal."""
        return self._values[self.widget.currentIndex]

    def show(self, value: Any, proposed: str) -> None:
        """Show a value and the text of the proposal, without calling back."""
        self.widget.setItemText(0, proposed)
        self.widget.toolTip = proposed
        self.widget.currentIndex = self._values.index(value)


def proposed(text: str | None) -> str:
    """Return the text of the first entry; None is "not determined"."""
    return _("proposed: {value}").format(value=_("not determined") if text is None else text)
