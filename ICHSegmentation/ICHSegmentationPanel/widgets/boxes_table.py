# SPDX-License-Identifier: Apache-2.0
"""Table of lesions and their boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import qt
from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.results_table import swatch

_ROW_PX, _MAX_ROWS = 24, 8
_RIGHT = qt.Qt.AlignRight | qt.Qt.AlignVCenter


@dataclass(frozen=True)
class BoxRow:
    """One lesion in the table.

    Attributes
    ----------
    key : str
        Identifier of its box.
    subtype : str
        Segment ID, as ``IPH``.
    name : str
        Full name.
    color : tuple of float
        Red, green and blue, 0 to 1.
    volume_ml : float
        Current volume.
    confidence : float or None
        Confidence of the model, 0 to 1; None for a box that the user drew or changed.
    """

    key: str
    subtype: str
    name: str
    color: tuple[float, float, float]
    volume_ml: float
    confidence: float | None


class BoxesTable:
    """Table of lesions; the chosen one stays chosen when lesions change.

    Parameters
    ----------
    on_choose : callable
        Called with the key of the box that the user chose.
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
            "Confidence is that of the model; a dash marks boxes that were drawn or moved by hand."
        )
        headers = [_("Lesion"), _("mL"), _("Confidence")]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        for column in range(len(headers)):
            mode = qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            table.horizontalHeader().setSectionResizeMode(column, mode)
        table.connect("itemSelectionChanged()", self._selected)
        # Also for a row that is chosen already: the views may have moved since.
        table.connect("cellClicked(int,int)", lambda _row, _column: self._selected())

    @property
    def chosen(self) -> str | None:
        """Key of the chosen box, or None."""
        row = self.widget.currentRow()
        return self._keys[row] if 0 <= row < len(self._keys) else None

    def choose(self, key: str | None) -> None:
        """Choose a box without calling back; None or an unknown box chooses none."""
        self._filling = True
        if key in self._keys:
            self.widget.selectRow(self._keys.index(key))
        else:
            self.widget.setCurrentCell(-1, -1)
            self.widget.clearSelection()
        self._filling = False

    def show(self, rows: Sequence[BoxRow]) -> None:
        """Replace all rows."""
        chosen = self.chosen
        self._filling = True
        self._keys = [row.key for row in rows]
        self.widget.setRowCount(len(rows))
        for index, row in enumerate(rows):
            confidence = "—" if row.confidence is None else f"{100 * row.confidence:.0f} %"
            for column, text in enumerate((_short(row), f"{row.volume_ml:.2f}", confidence)):
                item = qt.QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(_RIGHT)
                else:
                    item.setIcon(swatch(row.color))
                self.widget.setItem(index, column, item)
        self._filling = False
        self.choose(chosen)
        header_px = self.widget.horizontalHeader().sizeHint.height()
        shown = min(max(len(rows), 1), _MAX_ROWS)
        self.widget.setFixedHeight(shown * _ROW_PX + header_px + 2 * self.widget.frameWidth)

    def _selected(self) -> None:
        if not self._filling and self.chosen is not None:
            self._on_choose(self.chosen)


def _short(row: BoxRow) -> str:
    """Return the name without the word in the column title, as the panel is narrow."""
    return _("Subtype not given") if row.subtype == "ICH" else row.name.removesuffix(" hemorrhage")
