# SPDX-License-Identifier: Apache-2.0
"""Table of volumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import qt
from slicer.i18n import tr as _

_ROW_PX = 24
_SWATCH_PX = 12
_RIGHT = qt.Qt.AlignRight | qt.Qt.AlignVCenter


@dataclass(frozen=True)
class Row:
    """One subtype in the table.

    Attributes
    ----------
    segment_id : str
        Segment ID, as ``IPH``; empty for the total.
    name : str
        Full name.
    color : tuple of float
        Red, green and blue, 0 to 1; None for the total.
    visible : bool
        Whether the segment is shown in the views.
    volume_ml, compared_ml : float or None
        Volume in this result, and in the compared one if there is one.
    fraction : float
        Fraction of the total, 0 to 1.
    changed : bool
        Whether it differs from the model's result.
    """

    segment_id: str
    name: str
    color: tuple[float, float, float] | None
    visible: bool
    volume_ml: float
    fraction: float
    changed: bool
    compared_ml: float | None = None


class ResultsTable:
    """Table with a check box for the visibility of each row.

    Parameters
    ----------
    widget : QTableWidget
        The table.
    on_visible : callable
        Called with a segment ID and its new visibility.
    """

    def __init__(self, widget: Any, on_visible: Callable[[str, bool], None]) -> None:
        self._widget = widget
        self._on_visible = on_visible
        self._rows: tuple[Row, ...] = ()
        self._compares: bool | None = None
        self._filling = False
        widget.verticalHeader().hide()
        widget.verticalHeader().defaultSectionSize = _ROW_PX
        widget.wordWrap = False
        widget.connect("cellChanged(int,int)", self._cell_changed)
        self.show((), compares=False)

    def show(self, rows: tuple[Row, ...], *, compares: bool) -> None:
        """Replace all rows."""
        self._filling = True
        try:
            if self._needs_layout(rows, compares=compares):
                self._lay_out(rows, compares=compares)
            for index, row in enumerate(rows):
                self._fill(index, row)
        finally:
            self._rows, self._compares = rows, compares
            self._filling = False

    def text(self) -> str:
        """Return the table as tab-separated text."""
        columns = range(self._widget.columnCount)
        lines = [[self._widget.horizontalHeaderItem(column).text() for column in columns]]
        lines += [
            [self._widget.item(index, column).text() for column in columns] for index in range(self._widget.rowCount)
        ]
        return "\n".join("\t".join(line) for line in lines) + "\n"

    def _needs_layout(self, rows: tuple[Row, ...], *, compares: bool) -> bool:
        """Whether cells must be created; otherwise only numbers are updated, as live volumes change often."""
        fixed, fixed_before = [_fixed(row) for row in rows], [_fixed(row) for row in self._rows]
        return self._compares is not compares or fixed != fixed_before

    def _lay_out(self, rows: tuple[Row, ...], *, compares: bool) -> None:
        headers = _headers(compares=compares)
        self._widget.setRowCount(len(rows))
        self._widget.setColumnCount(len(headers))
        self._widget.setHorizontalHeaderLabels(headers)
        header = self._widget.horizontalHeader()
        for column in range(len(headers)):
            mode = qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            header.setSectionResizeMode(column, mode)
        for index, row in enumerate(rows):
            for column in range(len(headers)):
                item = qt.QTableWidgetItem("")
                item.setFlags(_flags(checkable=column == 0 and row.color is not None))
                if column:
                    item.setTextAlignment(_RIGHT)
                self._widget.setItem(index, column, item)
            first = self._widget.item(index, 0)
            # The column title contains the word, and the panel is narrow: with a third number only the
            # abbreviation fits.
            name = row.name.removesuffix(" hemorrhage")
            first.setText(row.segment_id if compares and row.color is not None else name)
            if row.color is not None:
                first.setIcon(swatch(row.color))
                first.setToolTip(_("{name}. Show this subtype in the views.").format(name=row.name))
        # The panel scrolls as a whole; a table that scrolls by itself would hide rows.
        rows_px = sum(self._widget.rowHeight(index) for index in range(len(rows)))
        self._widget.setFixedHeight(rows_px + header.sizeHint.height() + 2 * self._widget.frameWidth)

    def _fill(self, index: int, row: Row) -> None:
        compares = row.compared_ml is not None
        second = f"{row.compared_ml:.2f}" if compares else f"{100 * row.fraction:.0f} %"
        texts = [f"{row.volume_ml:.2f}", second, _("by hand") if row.changed else ""]
        for column, text in enumerate(texts, start=1):
            self._widget.item(index, column).setText(text)
        if row.color is not None:
            self._widget.item(index, 0).setCheckState(qt.Qt.Checked if row.visible else qt.Qt.Unchecked)

    def _cell_changed(self, index: int, column: int) -> None:
        if self._filling or column != 0:
            return
        row = self._rows[index]
        self._on_visible(row.segment_id, self._widget.item(index, 0).checkState() == qt.Qt.Checked)


def make_rows(
    names: Mapping[str, str],
    colors: Mapping[str, tuple[float, float, float]],
    visible: Mapping[str, bool],
    volumes: Any,
    compared_ml: Mapping[str, float] | None,
) -> tuple[Row, ...]:
    """Return the rows of a result: its segments in order, then the total.

    Parameters
    ----------
    names, colors, visible
        Values by segment ID.
    volumes : SceneVolumes
        Measured volumes.
    compared_ml : mapping, optional
        Volumes of the compared result.
    """

    def compared(key: str) -> float | None:
        return None if compared_ml is None else compared_ml.get(key, 0.0)

    rows = [
        Row(
            segment_id=key,
            name=name,
            color=colors[key],
            visible=visible[key],
            volume_ml=volumes.volumes_ml.get(key, 0.0),
            fraction=volumes.fractions.get(key, 0.0),
            changed=key in volumes.changed,
            compared_ml=compared(key),
        )
        for key, name in names.items()
    ]
    total = volumes.volumes_ml["total"]
    fraction = 1.0 if total > 0 else 0.0
    rows.append(Row("", _("Total"), None, True, total, fraction, bool(volumes.changed), compared("total")))
    return tuple(rows)


def _headers(*, compares: bool) -> list[str]:
    return [_("Hemorrhage"), _("mL"), _("Compared mL") if compares else _("Share"), _("Changed")]


def _fixed(row: Row) -> tuple[Any, ...]:
    return row.segment_id, row.name, row.color


def _flags(*, checkable: bool) -> Any:
    flags = qt.Qt.ItemIsEnabled | qt.Qt.ItemIsSelectable
    return flags | qt.Qt.ItemIsUserCheckable if checkable else flags


def swatch(color: tuple[float, float, float]) -> Any:
    """Return a square icon of a color, 0 to 1."""
    pixmap = qt.QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(qt.QColor(*(round(255 * part) for part in color)))
    return qt.QIcon(pixmap)
