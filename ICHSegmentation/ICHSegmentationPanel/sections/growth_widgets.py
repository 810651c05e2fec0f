# SPDX-License-Identifier: Apache-2.0
"""The widgets of the comparison with an earlier scan."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.wrapped_label import wrapped_label

if TYPE_CHECKING:
    from ICHSegmentationLib.export.comparison import Comparison
    from ICHSegmentationLib.measurement.growth import Change

_ROW_PX = 24
_SMALL_PX = 310
_WINDOW_PX = (1040, 900)
_RIGHT = qt.Qt.AlignRight | qt.Qt.AlignVCenter


class GrowthWidgets:
    """A button, a progress bar, a table with the verdicts below it, and the pictures of both scans.

    Parameters
    ----------
    place : QWidget
        Its layout receives them.
    """

    def __init__(self, place: Any) -> None:
        layout = place.layout()
        self.intro = wrapped_label()
        self.button = qt.QPushButton()
        self._bar = qt.QProgressBar()
        self._bar.maximum = 100
        self._message = wrapped_label()
        self.table = qt.QTableWidget()
        self._prepare_table()
        self.verdicts = wrapped_label()
        self.verdicts.textInteractionFlags = qt.Qt.TextSelectableByMouse
        self.picture = qt.QLabel()
        self.picture.alignment = qt.Qt.AlignCenter
        self.open_button = qt.QPushButton(_("Open pictures"))
        self.open_button.toolTip = _("Show both scans and their difference in a window of their own.")
        self.open_button.connect("clicked()", self.open_picture)
        self._pixmap = qt.QPixmap()
        self.window: Any = None
        for widget in (
            self.intro,
            self.button,
            self._bar,
            self._message,
            self.table,
            self.verdicts,
            self.picture,
            self.open_button,
        ):
            layout.addWidget(widget)
        self.show_running(running=False)
        self.say("")
        self.show(None)

    def show_running(self, *, running: bool) -> None:
        """Show whether a comparison is under way; the button then cancels it."""
        self.button.text = _("Cancel") if running else _("Compare the scans")
        self._bar.value = 0
        self._bar.visible = running

    def show_progress(self, title: str, share: float) -> None:
        """Show how far a comparison is."""
        self._bar.value = round(100 * share)
        self._bar.format = f"{title} (%p %)"

    def say(self, sentence: str) -> None:
        """Show a sentence below the button, or nothing."""
        self._message.text = f"<b>{escape(sentence)}</b>"
        self._message.visible = bool(sentence)

    @property
    def message(self) -> str:
        """What is shown below the button, as rich text."""
        return str(self._message.text)

    def show(self, found: Comparison | None, picture: bytes = b"", notes: tuple[str, ...] = ()) -> None:
        """Show a comparison and its picture (PNG); None shows none.

        Those of its warnings that are in ``notes`` cast no doubt on it, and stand last.
        """
        for widget in (self.table, self.verdicts, self.picture, self.open_button):
            widget.visible = found is not None
        self.close_picture()
        if found is None:
            self._pixmap = qt.QPixmap()
            self.picture.setPixmap(self._pixmap)
            return
        self._fill(list(found.changes.items()))
        self.verdicts.text = _describe(found, notes)
        self._pixmap = qt.QPixmap()
        self._pixmap.loadFromData(picture)
        self.picture.setPixmap(self._pixmap.scaledToWidth(_SMALL_PX, qt.Qt.SmoothTransformation))

    def open_picture(self) -> None:
        """Show the pictures in their own size."""
        self.close_picture()
        label = qt.QLabel()
        label.setPixmap(self._pixmap)
        area = qt.QScrollArea()
        area.setWidget(label)
        self.window = qt.QDialog(slicer.util.mainWindow())
        self.window.setWindowTitle(_("Growth (research use only)"))
        qt.QVBoxLayout(self.window).addWidget(area)
        self.window.resize(*_WINDOW_PX)
        self.window.show()

    def close_picture(self) -> None:
        """Close the window of the pictures: they may be another patient's."""
        if self.window is not None:
            self.window.hide()
            self.window.deleteLater()
            self.window = None

    def _prepare_table(self) -> None:
        table = self.table
        table.verticalHeader().hide()
        table.verticalHeader().defaultSectionSize = _ROW_PX
        table.horizontalScrollBarPolicy = table.verticalScrollBarPolicy = qt.Qt.ScrollBarAlwaysOff
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.selectionMode = qt.QAbstractItemView.NoSelection
        table.showGrid = False
        headers = [_("mL"), _("Before"), _("After"), _("Change"), _("Per cent")]
        table.setColumnCount(len(headers))
        table.setHorizontalHeaderLabels(headers)
        for column in range(len(headers)):
            mode = qt.QHeaderView.ResizeToContents if column else qt.QHeaderView.Stretch
            table.horizontalHeader().setSectionResizeMode(column, mode)

    def _fill(self, changes: list[tuple[str, Change]]) -> None:
        self.table.setRowCount(len(changes))
        for row, (name, change) in enumerate(changes):
            texts = (
                _("Total") if name == "total" else name,
                f"{change.baseline_ml:.2f}",
                f"{change.followup_ml:.2f}",
                # Adding zero turns -0.0 into 0.0.
                f"{round(change.change_ml, 2) + 0.0:+.2f}",
                change.percent_text,
            )
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(_RIGHT)
                self.table.setItem(row, column, item)
        # The panel scrolls as a whole: a table that scrolls inside it would hide rows.
        rows_px = sum(self.table.rowHeight(row) for row in range(len(changes)))
        header = self.table.horizontalHeader()
        self.table.setFixedHeight(rows_px + header.sizeHint.height() + 2 * self.table.frameWidth)


def _describe(found: Comparison, notes: tuple[str, ...]) -> str:
    """Return doubts, verdicts with their definitions, whether to trust the registration, and notes, as rich text."""
    lines = [f"<b>{escape(text)}</b>" for text in found.warnings if text not in notes]
    for name, verdict in ((_("Expansion"), found.expansion), (_("Expansion, revised"), found.revised_expansion)):
        definition = escape(verdict.definition)
        lines.append(f"<b>{name}: {escape(verdict.answer)}</b><br>{definition[:1].upper()}{definition[1:]}.")
    if found.registration is not None:
        lines.append(f"{escape(found.registration.describe())}.")
    lines += [escape(text) for text in notes]
    return "".join(f"<p>{line}</p>" for line in lines)
