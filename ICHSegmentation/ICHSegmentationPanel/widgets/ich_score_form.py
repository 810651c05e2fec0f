# SPDX-License-Identifier: Apache-2.0
"""Form of the ICH score."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationLib.measurement.score_items import NOT_DETERMINED
from ICHSegmentationPanel.widgets.choice_box import ChoiceBox, proposed
from ICHSegmentationPanel.widgets.labels import bold, rich, show_rich, show_text, wrapped_label
from ICHSegmentationPanel.widgets.wheel_guard import WheelGuard

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement import IchScore
    from ICHSegmentationLib.measurement.user_items import UserItems

_UNKNOWN = -1
_MIN_GCS, _MAX_GCS = 3, 15
_MAX_AGE = 130
_MAX_ML = 999.0
_MARGIN_PX = 6
_OWN = "own"
_ITEMS = ("gcs", "age_years", "iph_ml", "ivh", "infratentorial")


class IchScoreWidgets:
    """Group box with a row per item, its points, and the score with its mortality.

    Parameters
    ----------
    layout : QLayout
        Gets the group box.
    on_change : callable
        Called after the user has changed an item.
    """

    def __init__(self, layout: Any, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._measured_ml = 0.0
        self.box = qt.QGroupBox(_("ICH score (spontaneous ICH)"))
        self.gcs = _spin_box(_MIN_GCS - 1, _MAX_GCS, on_change)
        self.age = _spin_box(_UNKNOWN, _MAX_AGE, on_change)
        self.iph = ChoiceBox([(_OWN, _("own volume"))], self._choose_volume)
        self.iph_ml = qt.QDoubleSpinBox()
        self.iph_ml.maximum, self.iph_ml.decimals, self.iph_ml.suffix = _MAX_ML, 1, _(" mL")
        self.iph_ml.connect("valueChanged(double)", lambda _value: on_change())
        answers = [(False, _("no")), (True, _("yes"))]
        self.ivh = ChoiceBox(answers, on_change)
        self.infratentorial = ChoiceBox(answers, on_change)
        volume = qt.QHBoxLayout()
        volume.addWidget(self.iph.widget)
        volume.addWidget(self.iph_ml)
        rows = (
            (_("GCS:"), self.gcs),
            (_("Age:"), self.age),
            (_("Blood in the brain:"), volume),
            (_("In the ventricles:"), self.ivh.widget),
            (_("Infratentorial origin:"), self.infratentorial.widget),
        )
        grid = qt.QGridLayout(self.box)
        grid.setContentsMargins(*[_MARGIN_PX] * 4)
        grid.setColumnStretch(1, 1)
        self._points = {}
        for row, (item, (title, field)) in enumerate(zip(_ITEMS, rows, strict=True)):
            grid.addWidget(qt.QLabel(title), row, 0)
            if field is volume:
                grid.addLayout(field, row, 1)
            else:
                grid.addWidget(field, row, 1)
            self._points[item] = qt.QLabel()
            self._points[item].toolTip = _("Points")
            grid.addWidget(self._points[item], row, 2)
        self.summary = wrapped_label()
        grid.addWidget(self.summary, len(rows), 0, 1, 3)
        layout.addWidget(self.box)
        self._guard = WheelGuard()
        for box in (self.gcs, self.age, self.iph_ml, self.iph.widget, self.ivh.widget, self.infratentorial.widget):
            self._guard.protect(box)

    @property
    def items(self) -> dict[str, Any]:
        """The user's choices by item; None is the proposal."""
        own_ml = self.iph.value == _OWN
        return {
            "gcs": _value(self.gcs),
            "age_years": _value(self.age),
            "iph_ml": round(self.iph_ml.value, 1) if own_ml else self.iph.value,
            "ivh": self.ivh.value,
            "infratentorial": self.infratentorial.value,
        }

    def show(self, said: UserItems, score: IchScore, proposals: dict[str, Any]) -> None:
        """Show the user's choices, the resulting score and the proposals by item."""
        _set(self.gcs, said.gcs)
        _set(self.age, said.age_years)
        self._measured_ml = proposals["iph_ml"]
        has_own_ml = said.iph_ml is not None and said.iph_ml != NOT_DETERMINED
        self.iph.show(_OWN if has_own_ml else said.iph_ml, _("measured: {ml:.1f} mL").format(ml=self._measured_ml))
        self.iph_ml.visible = has_own_ml
        if has_own_ml:
            _set(self.iph_ml, said.iph_ml)
        for box, item in ((self.ivh, "ivh"), (self.infratentorial, "infratentorial")):
            word = {None: None, False: _("no"), True: _("yes")}[proposals[item]]
            box.show(getattr(said, item), proposed(word))
        for item, points in score.points.items():
            show_text(self._points[item], "?" if points is None else f"+{points}")
        mortality = _(
            "published 30-day mortality {mortality} (Hemphill 2001). For spontaneous hemorrhage only; not for "
            "decisions about care."
        ).format(mortality=score.mortality_text)
        title = _("ICH score {score}").format(score=score.score_text)
        show_rich(self.summary, f"{bold(title)}, {rich(mortality)}")

    def _choose_volume(self) -> None:
        if self.iph.value == _OWN:
            _set(self.iph_ml, self._measured_ml)
        self._on_change()


def _spin_box(unknown: int, maximum: int, on_change: Callable[[], None]) -> Any:
    """Return a spin box whose lowest value is shown as "not known"."""
    box = qt.QSpinBox()
    box.minimum, box.maximum, box.value = unknown, maximum, unknown
    box.specialValueText = _("not known")
    box.connect("valueChanged(int)", lambda _value: on_change())
    return box


def _value(box: Any) -> int | None:
    return int(box.value) if box.value > box.minimum else None


def _set(box: Any, value: float | None) -> None:
    """Set a spin box without emitting its signals; None is its lowest value."""
    blocked = box.blockSignals(True)
    box.value = box.minimum if value is None else value
    box.blockSignals(blocked)
