# SPDX-License-Identifier: Apache-2.0
"""The table of lesions and their boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.results_table import swatch

_ROW_PX, _MOST_ROWS = 24, 8
_RIGHT = qt.Qt.AlignRight | qt.Qt.AlignVCenter


@dataclass(frozen=True)
class BoxRow:
    """One lesion as the table shows it.

    Attributes
    ----------
    key : str
        Of its box.
    subtype : str
        As ``IPH``.
    name : str
        Written out.
    color : tuple of float
        Red, green and blue, 0 to 1.
    volume_ml : float
        As it is now.
    confidence : float or None
        How sure the model was, 0 to 1; None for what a hand drew.
    """

    key: str
    subtype: str
    name: str
    color: tuple[float, float, float]
    volume_ml: float
    confidence: float | None


class BoxesTable:
    """Shows lesions, one of which can be chosen; the same one stays chosen when they change.

    Parameters
    ----------
    on_choose : callable
        Called with the key of the box when the user has chosen a row.
    """

    def __init__(self, on_choose: Callable[[str], None]) -> None:
        self._on_choose = on_choose
        self._keys: list[str] = []
        self._filling = False
        table = self.widget = qt.QTableWidget()
        table.objectName = "boxesTable"
        table.verticalHeader().hide()
        table.verticalHeader().defaultSectionSize = _ROW_PX
        table.horizontalScrollBarPolicy = qt.Qt.ScrollBarAlwaysOff
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.selectionMode = qt.QAbstractItemView.SingleSelection
        table.selectionBehavior = qt.QAbstractItemView.SelectRows
        table.showGrid = False
        table.toolTip = _(
            "Choose a lesion: the views go there, and its box can be moved and resized with the mouse. "
            "Sure: how sure the model was; a dash for boxes that a hand drew or moved."
        )
        headers = [_("Lesion"), _("mL"), _("Sure")]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        for column in range(len(headers)):
            mode = qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            table.horizontalHeader().setSectionResizeMode(column, mode)
        table.connect("itemSelectionChanged()", self._selected)
        # Also where the row was chosen already, and the views have gone elsewhere.
        table.connect("cellClicked(int,int)", lambda _row, _column: self._selected())

    @property
    def chosen(self) -> str | None:
        """Key of the chosen box."""
        row = self.widget.currentRow()
        return self._keys[row] if 0 <= row < len(self._keys) else None

    def choose(self, key: str | None) -> None:
        """Choose a box, without calling back; None, or a box that is not there, chooses none."""
        self._filling = True
        if key in self._keys:
            self.widget.selectRow(self._keys.index(key))
        else:
            self.widget.setCurrentCell(-1, -1)
            self.widget.clearSelection()
        self._filling = False

    def show(self, rows: Sequence[BoxRow]) -> None:
        """Show rows in place of what was there."""
        chosen = self.chosen
        self._filling = True
        self._keys = [row.key for row in rows]
        self.widget.setRowCount(len(rows))
        for index, row in enumerate(rows):
            sure = "—" if row.confidence is None else f"{100 * row.confidence:.0f} %"
            for column, text in enumerate((_short(row), f"{row.volume_ml:.2f}", sure)):
                item = qt.QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(_RIGHT)
                else:
                    item.setIcon(swatch(row.color))
                self.widget.setItem(index, column, item)
        self._filling = False
        self.choose(chosen)
        header_px = self.widget.horizontalHeader().sizeHint.height()
        shown = min(max(len(rows), 1), _MOST_ROWS)
        self.widget.setFixedHeight(shown * _ROW_PX + header_px + 2 * self.widget.frameWidth)

    def _selected(self) -> None:
        if not self._filling and self.chosen is not None:
            self._on_choose(self.chosen)


def _short(row: BoxRow) -> str:
    """Return what the column's title does not say already; the panel is narrow."""
    return _("Subtype not given") if row.subtype == "ICH" else row.name.removesuffix(" hemorrhage")
