# SPDX-License-Identifier: Apache-2.0
"""A list from which the reader gives an item, or leaves it to the proposal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib.measurement.score_items import NOT_DETERMINED

_SHORTEST = 5


class ChoiceBox:
    """A combo box whose first entry, the proposal, stands for None, and whose last is "not determined".

    Parameters
    ----------
    choices : sequence of (object, str)
        Further values with their titles.
    on_change : callable
        Called when the user has chosen.
    """

    def __init__(self, choices: Sequence[tuple[Any, str]], on_change: Callable[[], None]) -> None:
        self._values = [None, *(value for value, _title in choices), NOT_DETERMINED]
        self.widget = qt.QComboBox()
        # A narrow panel shortens the words; the list that opens shows them whole.
        self.widget.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        self.widget.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.widget.minimumContentsLength = _SHORTEST
        for title in ("", *(title for _value, title in choices), _("not determined")):
            self.widget.addItem(title)
        self.widget.connect("activated(int)", lambda _index: on_change())

    @property
    def value(self) -> Any:
        """What is chosen; None is the proposal."""
        return self._values[self.widget.currentIndex]

    def show(self, value: Any, proposed: str) -> None:
        """Show a value, and what is proposed in words; only the user's own choice calls back."""
        self.widget.setItemText(0, proposed)
        self.widget.toolTip = proposed
        self.widget.currentIndex = self._values.index(value)


def proposed(text: str | None) -> str:
    """Return what the first entry says of a proposal; None is not determined."""
    return _("proposed: {value}").format(value=_("not determined") if text is None else text)
