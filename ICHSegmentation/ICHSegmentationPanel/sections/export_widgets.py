# SPDX-License-Identifier: Apache-2.0
"""The widgets of the panel's export."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from ICHSegmentationPanel.widgets.wrapped_label import wrapped_label

_COLUMNS = 2


class ExportWidgets:
    """A form; what the user chose is read and set by the properties.

    Parameters
    ----------
    place : QWidget
        Its form layout receives the rows.
    """

    def __init__(self, place: Any) -> None:
        form = place.layout()
        self._folder = ctk.ctkPathLineEdit()
        self._folder.filters = ctk.ctkPathLineEdit.Dirs
        self._boxes = {}
        grid = qt.QGridLayout()
        for index, (kind, title, _tip) in enumerate(_kinds()):
            self._boxes[kind] = qt.QCheckBox(title)
            grid.addWidget(self._boxes[kind], index // _COLUMNS, index % _COLUMNS)
        self._patient = qt.QCheckBox(_("Patient data in report"))
        self._patient.toolTip = _("Print name, ID, birth date and study as in the DICOM header; else none is printed.")
        self._growth = qt.QCheckBox(_("Growth in report"))
        self.button = qt.QPushButton(_("Export"))
        self._message = wrapped_label()
        form.addRow(_("Folder:"), self._folder)
        form.addRow(_("Files:"), grid)
        form.addRow("", self._patient)
        form.addRow("", self._growth)
        form.addRow(self.button)
        form.addRow(self._message)
        self.say("")

    @property
    def folder(self) -> str:
        """Where to."""
        return str(self._folder.currentPath)

    @folder.setter
    def folder(self, path: str) -> None:
        self._folder.currentPath = path

    @property
    def formats(self) -> tuple[str, ...]:
        """The chosen kinds of file that this scan can have."""
        return tuple(kind for kind, box in self._boxes.items() if box.checked and box.enabled)

    @formats.setter
    def formats(self, kinds: tuple[str, ...]) -> None:
        for kind, box in self._boxes.items():
            box.checked = kind in kinds

    @property
    def with_patient(self) -> bool:
        """Whether the report names the patient; off again for each result."""
        return bool(self._patient.checked and self._patient.enabled)

    @property
    def with_growth(self) -> bool:
        """Whether the files tell the change since the result of an earlier scan."""
        return bool(self._growth.checked and self._growth.enabled)

    @property
    def problem(self) -> str:
        """Why nothing can be written."""
        if not self.formats:
            return _("Choose at least one kind of file.")
        if not self.folder:
            return _("Choose a folder first.")
        return ""

    def forget_patient(self) -> None:
        """Take back what was said of one patient, before another one is exported."""
        self._patient.checked = False

    def existing_files(self) -> list[str]:
        """Return the names of files that would be replaced."""
        from ICHSegmentationLib.export.formats import ExportFormat

        names = [ExportFormat(kind).file_name for kind in self.formats]
        return [name for name in names if (Path(self.folder) / name).exists()]

    def allow(self, *, dicom: bool, growth: bool) -> None:
        """Switch off what the scan or the result does not allow."""
        tips = {kind: tip for kind, _title, tip in _kinds()}
        for kind, box in self._boxes.items():
            box.enabled = dicom or not kind.startswith("dicom")
            box.toolTip = tips[kind] if box.enabled else _("Only for a scan that was loaded from DICOM.")
        self._patient.enabled = dicom
        if growth != self._growth.enabled:
            # Who has just compared two scans wants to tell of it.
            self._growth.enabled = self._growth.checked = growth
        self._growth.toolTip = (
            _("How the bleeds changed since the earlier scan, whether that is expansion, and the pictures of both.")
            if growth
            else _('Compare the scan with an earlier one first, in the section "Growth".')
        )

    def say(self, sentence: str) -> None:
        """Show a sentence below the button, or nothing."""
        self._message.text = escape(sentence)
        self._message.visible = bool(sentence)

    def complain(self, sentence: str) -> None:
        """Show what failed."""
        self._message.text = f"<b>{escape(sentence)}</b>"
        self._message.visible = True


def _kinds() -> tuple[tuple[str, str, str], ...]:
    """Return name, title and tool tip of each kind; made at each call, since the language can change.

    The names are those of ICHSegmentationLib.export.formats, which is imported only to export.
    """
    return (
        ("pdf", _("Report"), _("One page as PDF: volumes, pictures, method, lines for a signature.")),
        ("text", _("Text"), _("A block of text for a dictation system, from your own template if you have one.")),
        ("csv", _("CSV"), _("Volumes as a table.")),
        ("json", _("JSON"), _("All measurements for other programs.")),
        ("scores", _("Scores CSV"), _("Scores and growth as a table, each item with whether it is the reader's.")),
        ("dicom-seg", _("DICOM SEG"), _("The segmentation as a DICOM object on the source slices.")),
        (
            "dicom-sr",
            _("DICOM SR"),
            _("Measurements as a DICOM structured report; it brings the segmentation with it."),
        ),
        ("dicom-pdf", _("DICOM PDF"), _("The report inside a DICOM object.")),
    )
