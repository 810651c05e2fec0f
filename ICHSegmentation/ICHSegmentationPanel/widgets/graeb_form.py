# SPDX-License-Identifier: Apache-2.0
"""Form of the modified Graeb score."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib.measurement import Ventricle
from ICHSegmentationPanel.widgets.choice_box import ChoiceBox, proposed
from ICHSegmentationPanel.widgets.labels import bold, show_rich, wrapped_label
from ICHSegmentationPanel.widgets.wheel_guard import WheelGuard

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement import ModifiedGraeb
    from ICHSegmentationLib.measurement.user_items import UserItems


_MARGIN_PX = 6


class GraebWidgets:
    """Group box with the points of each ventricular compartment; right and left as on the slices.

    Parameters
    ----------
    layout : QLayout
        Gets the group box.
    on_change : callable
        Called after the user has changed points.
    """

    def __init__(self, layout: Any, on_change: Callable[[], None]) -> None:
        self.box = qt.QGroupBox(_("Modified Graeb score"))
        self.points = {
            str(name): ChoiceBox([(number, str(number)) for number in range(name.max_points + 1)], on_change)
            for name in Ventricle
        }
        grid = qt.QGridLayout(self.box)
        grid.setContentsMargins(*[_MARGIN_PX] * 4)
        for column, title in ((1, _("Right")), (2, _("Left"))):
            grid.addWidget(qt.QLabel(title), 0, column)
            grid.setColumnStretch(column, 1)
        rows = (
            (_("Lateral:"), _("Lateral ventricles"), ("right_lateral", "left_lateral")),
            (_("Occipital:"), _("Occipital horns"), ("right_occipital_horn", "left_occipital_horn")),
            (_("Temporal:"), _("Temporal horns"), ("right_temporal_horn", "left_temporal_horn")),
            (_("Third:"), _("Third ventricle"), ("third",)),
            (_("Fourth:"), _("Fourth ventricle"), ("fourth",)),
        )
        for row, (title, whole_title, names) in enumerate(rows, start=1):
            label = qt.QLabel(title)
            label.toolTip = whole_title
            grid.addWidget(label, row, 0)
            for column, name in enumerate(names, start=1):
                grid.addWidget(self.points[name].widget, row, column, 1, 3 - len(names))
        self.summary = wrapped_label()
        grid.addWidget(self.summary, len(rows) + 1, 0, 1, 3)
        layout.addWidget(self.box)
        self._guard = WheelGuard()
        for box in self.points.values():
            self._guard.protect(box.widget)

    @property
    def items(self) -> dict[str, Any]:
        """Points that the user chose, by compartment."""
        return {name: box.value for name, box in self.points.items() if box.value is not None}

    def show(self, said: UserItems, proposal: ModifiedGraeb, score: ModifiedGraeb) -> None:
        """Show the user's choices, the proposal and the resulting score."""
        for item in proposal.items:
            points = None if item.points is None else str(item.points)
            self.points[str(item.compartment)].show(said.graeb.get(item.compartment), proposed(points))
        summary = score.summary()
        show_rich(self.summary, _("{score}, Morgan 2013").format(score=bold(summary[:1].upper() + summary[1:])))
