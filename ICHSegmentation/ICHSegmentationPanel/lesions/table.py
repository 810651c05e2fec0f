# SPDX-License-Identifier: Apache-2.0
"""Table of lesions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.results_table import swatch
from ICHSegmentationPanel.widgets.wheel_guard import WheelGuard

_ROW_PX, _MAX_ROWS = 26, 8
_RIGHT = qt.Qt.AlignRight | qt.Qt.AlignVCenter
_PLACE = 2


@dataclass(frozen=True)
class LesionRow:
    """One lesion in the table.

    Attributes
    ----------
    key : str
        Identifier of its box.
    subtype : str
        Segment ID, as ``IPH``.
    volume_ml : float
        Current volume.
    place : str
        Side and region in words.
    longest_mm : float
        Longest diameter.
    confidence : float or None
        Confidence of the model, 0 to 1; None if it is not known.
    changed : bool
        Whether it was changed by hand, so that the confidence no longer applies.
    """

    key: str
    subtype: str
    volume_ml: float
    place: str
    longest_mm: float
    confidence: float | None
    changed: bool


class LesionsTable:
    """Table of lesions; the chosen one stays chosen when lesions change.

    Parameters
    ----------
    looks : mapping of str to (str, tuple of float)
        Full name and color of each subtype that a lesion can get.
    on_choose : callable
        Called with the key of the lesion that the user chose.
    on_rename : callable
        Called with the key of a lesion and its new subtype.
    """

    def __init__(
        self,
        looks: Mapping[str, tuple[str, tuple[float, float, float]]],
        on_choose: Callable[[str], None],
        on_rename: Callable[[str, str], None],
    ) -> None:
        self._looks = dict(looks)
        self._on_choose = on_choose
        self._on_rename = on_rename
        self._keys: list[str] = []
        self._boxes: list[Any] = []
        self._guard = WheelGuard()
        self._filling = False
        table = self.widget = qt.QTableWidget()
        table.objectName = "lesionsTable"
        table.verticalHeader().hide()
        table.verticalHeader().defaultSectionSize = _ROW_PX
        table.horizontalScrollBarPolicy = qt.Qt.ScrollBarAlwaysOff
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.selectionMode = qt.QAbstractItemView.SingleSelection
        table.selectionBehavior = qt.QAbstractItemView.SelectRows
        table.showGrid = False
        table.wordWrap = False
        table.toolTip = _(
            "Choose a lesion: the views go there, and its box can be moved and resized with the mouse. "
            "Confidence is the model's mean probability in the lesion; it is not calibrated, and does not apply to "
            "what was changed by hand."
        )
        headers = [_("Lesion"), _("mL"), _("Place"), _("mm"), _("Confidence")]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        for column in range(len(headers)):
            mode = qt.QHeaderView.Stretch if column == _PLACE else qt.QHeaderView.ResizeToContents
            table.horizontalHeader().setSectionResizeMode(column, mode)
        table.connect("itemSelectionChanged()", self._selected)
        # Also for a row that is chosen already: the views may have moved since.
        table.connect("cellClicked(int,int)", lambda _row, _column: self._selected())

    @property
    def chosen(self) -> str | None:
        """Key of the chosen lesion, or None."""
        row = self.widget.currentRow()
        return self._keys[row] if 0 <= row < len(self._keys) else None

    def choose(self, key: str | None) -> None:
        """Choose a lesion without calling back; None or an unknown lesion chooses none."""
        self._filling = True
        if key in self._keys:
            self.widget.selectRow(self._keys.index(key))
        else:
            self.widget.setCurrentCell(-1, -1)
            self.widget.clearSelection()
        self._filling = False

    def step(self, by: int) -> None:
        """Choose the next (1) or the previous (-1) lesion, as a click would; the first follows the last."""
        if self._keys:
            row = self.widget.currentRow()
            self.widget.selectRow((row + by) % len(self._keys) if row >= 0 else (0 if by > 0 else len(self._keys) - 1))

    def allow(self, enabled: bool) -> None:
        """Enable or disable the change of subtypes."""
        for box in self._boxes:
            box.enabled = enabled

    def show(self, rows: Sequence[LesionRow]) -> None:
        """Replace all rows."""
        chosen = self.chosen
        self._filling = True
        self._keys = [row.key for row in rows]
        self.widget.setRowCount(len(rows))
        del self._boxes[len(rows) :]
        for index, row in enumerate(rows):
            if index == len(self._boxes):
                self._boxes.append(self._subtype_box(index))
                self.widget.setCellWidget(index, 0, self._boxes[index])
            self._show_subtype(self._boxes[index], row.subtype)
            for column, text in enumerate(_texts(row), start=1):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text if column == _PLACE else "")
                if column != _PLACE:
                    item.setTextAlignment(_RIGHT)
                self.widget.setItem(index, column, item)
        self._filling = False
        self.choose(chosen)
        header_px = self.widget.horizontalHeader().sizeHint.height()
        shown = min(max(len(rows), 1), _MAX_ROWS)
        self.widget.visible = bool(rows)
        self.widget.setFixedHeight(shown * _ROW_PX + header_px + 2 * self.widget.frameWidth)

    def _subtype_box(self, index: int) -> Any:
        box = qt.QComboBox()
        box.objectName = f"subtype{index}Box"
        box.frame = False
        for key, (_name, color) in self._looks.items():
            box.addItem(swatch(color), key)
        box.connect("activated(int)", lambda chosen, index=index: self._rename(index, chosen))
        self._guard.protect(box)
        return box

    def _show_subtype(self, box: Any, subtype: str) -> None:
        known = list(self._looks)
        if box.count > len(known):
            box.removeItem(len(known))
        if subtype in known:
            box.currentIndex = known.index(subtype)
            box.toolTip = _("{name}; choose another subtype").format(name=self._looks[subtype][0])
        else:
            # Hemorrhage of a model without subtypes can get one, but not lose it again.
            box.addItem(subtype)
            box.currentIndex = len(known)
            box.toolTip = _("Subtype not given; choose one")

    def _rename(self, row: int, index: int) -> None:
        known = list(self._looks)
        if row < len(self._keys) and index < len(known):
            key = self._keys[row]
            self.widget.selectRow(row)
            self._on_rename(key, known[index])

    def _selected(self) -> None:
        if not self._filling and self.chosen is not None:
            self._on_choose(self.chosen)


def _texts(row: LesionRow) -> tuple[str, str, str, str]:
    return f"{row.volume_ml:.2f}", row.place, f"{row.longest_mm:.0f}", _confidence(row)


def _confidence(row: LesionRow) -> str:
    if row.changed:
        return _("by hand")
    return "—" if row.confidence is None else f"{100 * row.confidence:.0f} %"
