# SPDX-License-Identifier: Apache-2.0
"""Section Export: write report, tables, text and DICOM files of a result."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.job import ExportJob, ScanFiles
from ICHSegmentationLib.export.record import RunRecord
from ICHSegmentationPanel.process import failure_of, stage_title
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.labels import show_error, show_text, wrapped_label

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.mrml import VolumeCheck
    from ICHSegmentationLib.worker.client.outcome import WorkerComparison
    from ICHSegmentationPanel.process import Failure, SegmentationProcess

_FOLDER, _FORMATS = "ICHSegmentation/ExportFolder", "ICHSegmentation/ExportFormats"
_COLUMNS = 2


class ExportSection(Section):
    """Folder, formats, patient data in the report, and the button that writes the files in the worker.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    process : SegmentationProcess
        Client of the worker.
    check_of : callable
        Returns the check of a volume if there is one, else None.
    compared : callable
        Returns the comparison of the result with an earlier scan, or None.
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
        compared: Callable[[], WorkerComparison | None],
    ) -> None:
        self._ui = ui
        self._process = process
        self._check_of = check_of
        self._compared = compared
        self._is_writing = False
        self._shown_id: str | None = None
        self.widgets = ExportWidgets(ui.exportPlace)
        settings = qt.QSettings()
        self.widgets.folder = settings.value(_FOLDER, "") or ""
        self.widgets.formats = tuple(filter(None, (settings.value(_FORMATS, "") or "pdf").split(",")))
        self.widgets.button.connect("clicked()", self.export)
        self.widgets.copy_button.connect("clicked()", self.copy_text)
        self.widgets.open_button.connect("clicked()", self._open_folder)

    def update(self) -> None:
        """Enable the formats that the current result allows."""
        node = self._segmentation
        shown_id = node.GetID() if node is not None else None
        if shown_id != self._shown_id:
            # The result may be of another patient.
            self._shown_id = shown_id
            self.widgets.forget_result()
        self._ui.exportSection.enabled = node is not None
        self.widgets.button.enabled = self.widgets.copy_button.enabled = node is not None and not self._is_writing
        volume = mrml.source_volume(node) if node is not None else None
        check = self._check_of(volume) if volume is not None else None
        is_dicom = check is None or check.geometry is None or check.geometry.source.kind == "dicom"
        self.widgets.allow(dicom=is_dicom, growth=self._compared() is not None)

    def export(self) -> None:
        """Write the chosen files; ask before replacing existing ones."""
        self._try(self._export)

    def copy_text(self) -> None:
        """Put the report's text on the clipboard."""
        self._try(self._copy_text)

    def _try(self, work: Callable[[vtkMRMLSegmentationNode], None]) -> None:
        node = self._segmentation
        if node is None or self._is_writing:
            return
        if self._process.busy:
            self.widgets.say(_("Another task is running; export when it has finished."))
            return
        try:
            work(node)
        except Exception as error:
            self._fail(failure_of(error, "The export failed."))

    @property
    def _growth(self) -> WorkerComparison | None:
        """The comparison to export."""
        return self._compared() if self.widgets.with_growth else None

    def _export(self, node: vtkMRMLSegmentationNode) -> None:
        problem = self.widgets.problem
        if problem:
            self.widgets.say(problem)
            return
        overwrite = self._may_overwrite()
        if overwrite is None:
            return
        settings = qt.QSettings()
        settings.setValue(_FOLDER, self.widgets.folder)
        settings.setValue(_FORMATS, ",".join(self.widgets.formats))
        self._start(
            node, Path(self.widgets.folder), self.widgets.formats, self._finish, self._fail, overwrite=overwrite
        )

    def _copy_text(self, node: vtkMRMLSegmentationNode) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ichseg-", dir=slicer.app.temporaryPath)

        def finish(files: tuple[Path, ...]) -> None:
            self._set_writing(False)
            with folder:
                slicer.app.clipboard().setText(files[0].read_text(encoding="utf-8"))
            self.widgets.say(_("The text of the report is on the clipboard."))

        def fail(failure: Failure) -> None:
            folder.cleanup()
            self._fail(failure)

        try:
            self._start(node, Path(folder.name), ("text",), finish, fail, overwrite=False)
        finally:
            if not self._is_writing:
                folder.cleanup()

    def _open_folder(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(self.widgets.folder))

    def _start(
        self,
        node: vtkMRMLSegmentationNode,
        folder: Path,
        formats: tuple[str, ...],
        finished: Callable[[tuple[Path, ...]], None],
        failed: Callable[[Failure], None],
        *,
        overwrite: bool,
    ) -> None:
        volume_node = mrml.source_volume(node)
        if volume_node is None:
            self.widgets.say(_("The CT of this result is no longer in the scene."))
            return
        volume = mrml.volume_input(volume_node, check=self._check_of(volume_node))
        changed = mrml.changed_by_hand(node)
        job = self._job(node, volume, sorted(changed), folder, formats, overwrite=overwrite)
        model_labels = mrml.model_label_map_of(node) if changed else None
        self._set_writing(True)
        self._process.export(
            volume,
            mrml.label_map_of(node),
            job,
            model_labels,
            self._growth.picture if self._growth is not None else None,
            progress=self._progress,
            finished=finished,
            failed=failed,
        )

    def _job(
        self,
        node: vtkMRMLSegmentationNode,
        volume: Any,
        changed: list[str],
        folder: Path,
        formats: tuple[str, ...],
        *,
        overwrite: bool,
    ) -> ExportJob:
        return ExportJob(
            folder=folder,
            formats=formats,
            scan=ScanFiles.of(volume.source),
            run=RunRecord.of_attributes(mrml.result_info(node)),
            warnings=(*volume.warnings, *_box_note(node)),
            corrected=changed,
            editing_s=mrml.editing_s(node) if changed else None,
            with_patient=self.widgets.with_patient,
            overwrite=overwrite,
            reader=mrml.user_items(node),
            growth=self._growth.comparison if self._growth is not None else None,
        )

    def _may_overwrite(self) -> bool | None:
        """Return whether files may be replaced; None if the user cancels."""
        there = self.widgets.existing_files()
        if not there:
            return False
        question = _("{folder} already holds {files}. Replace?").format(
            folder=self.widgets.folder, files=", ".join(there)
        )
        return True if slicer.util.confirmYesNoDisplay(question) else None

    def _progress(self, stage: str, fraction: float) -> None:
        if self._is_writing:
            self.widgets.say(f"{stage_title(stage)} ({round(100 * fraction)} %)")

    def _finish(self, files: tuple[Path, ...]) -> None:
        self._set_writing(False)
        self.widgets.say("")
        self.widgets.list_written(files)

    def _fail(self, failure: Failure) -> None:
        self._set_writing(False)
        self.widgets.complain(failure.in_one_sentence)

    def _set_writing(self, writing: bool) -> None:
        self._is_writing = writing
        self.update()


def _box_note(node: vtkMRMLSegmentationNode) -> tuple[str, ...]:
    """Return the report's note on boxes, in English like the report."""
    models = mrml.box_models(node)
    if not models:
        return ()
    return (f"Lesions in boxes that were drawn or changed by hand were segmented with the model {', '.join(models)}.",)


class ExportWidgets:
    """Widgets of the section; properties get and set the user's choices.

    Parameters
    ----------
    place : QWidget
        Its form layout gets the rows.
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
        self._patient.toolTip = _("Print name, ID, birth date and study from the DICOM header; off: print none.")
        self._growth = qt.QCheckBox(_("Growth in report"))
        self.copy_button = qt.QPushButton(_("Copy report text"))
        self.copy_button.toolTip = _("Copy the text of the report to the clipboard, for a dictation system.")
        self.button = qt.QPushButton(_("Write files"))
        self.open_button = qt.QPushButton(_("Open folder"))
        self.open_button.toolTip = _("Show the written files.")
        self._message, self._written = wrapped_label(), wrapped_label()
        form.addRow(self.copy_button)
        form.addRow(_("Folder:"), self._folder)
        form.addRow(_("Files:"), grid)
        form.addRow("", self._patient)
        form.addRow("", self._growth)
        form.addRow(self.button)
        form.addRow(self._message)
        form.addRow(self._written)
        form.addRow(self.open_button)
        self.forget_result()

    @property
    def folder(self) -> str:
        """Folder of the files."""
        return str(self._folder.currentPath)

    @folder.setter
    def folder(self, path: str) -> None:
        self._folder.currentPath = path

    @property
    def formats(self) -> tuple[str, ...]:
        """The chosen formats that are available for this scan."""
        return tuple(kind for kind, box in self._boxes.items() if box.checked and box.enabled)

    @formats.setter
    def formats(self, kinds: tuple[str, ...]) -> None:
        for kind, box in self._boxes.items():
            box.checked = kind in kinds

    @property
    def with_patient(self) -> bool:
        """Whether the report contains patient data; reset for each result."""
        return bool(self._patient.checked and self._patient.enabled)

    @property
    def with_growth(self) -> bool:
        """Whether the files contain the comparison with an earlier scan."""
        return bool(self._growth.checked and self._growth.enabled)

    @property
    def problem(self) -> str:
        """Why nothing can be written; empty if it can."""
        if not self.formats:
            return _("Choose at least one format.")
        if not self.folder:
            return _("Choose a folder first.")
        return ""

    def forget_result(self) -> None:
        """Reset what belongs to one result: the choice of patient data, the message and the list of files."""
        self._patient.checked = False
        self._paths: dict[Path, None] = {}
        self.say("")
        self.list_written(())

    def list_written(self, files: tuple[Path, ...]) -> None:
        """Add written files to the list, which stays until another result is chosen."""
        self._paths.update(dict.fromkeys(files))
        folders: dict[Path, list[str]] = {}
        for path in self._paths:
            folders.setdefault(path.parent, []).append(path.name)
        lines = [
            _("Written into {folder}: {files}").format(folder=folder, files=", ".join(names))
            for folder, names in folders.items()
        ]
        show_text(self._written, "\n".join(lines))
        self.open_button.visible = bool(lines)

    @property
    def written(self) -> str:
        """The list of written files."""
        return str(self._written.text)

    def existing_files(self) -> list[str]:
        """Return the names of files that would be replaced."""
        names = [ExportFormat(kind).file_name for kind in self.formats]
        return [name for name in names if (Path(self.folder) / name).exists()]

    def allow(self, *, dicom: bool, growth: bool) -> None:
        """Disable what the scan or the result does not allow."""
        tips = {kind: tip for kind, _title, tip in _kinds()}
        for kind, box in self._boxes.items():
            box.enabled = dicom or not ExportFormat(kind).is_dicom
            box.toolTip = tips[kind] if box.enabled else _("Only for a scan that was loaded from DICOM.")
        self._patient.enabled = dicom
        if growth != self._growth.enabled:
            # Checked by default after a comparison.
            self._growth.enabled = self._growth.checked = growth
        self._growth.toolTip = (
            _("Change of volumes since the earlier scan, whether it is expansion, and pictures of both scans.")
            if growth
            else _('Compare the scan with an earlier one first, in the section "Growth".')
        )

    def say(self, sentence: str) -> None:
        """Show a message below the button; empty hides it."""
        show_text(self._message, sentence)

    def complain(self, sentence: str) -> None:
        """Show an error below the button."""
        show_error(self._message, sentence)


def _kinds() -> tuple[tuple[str, str, str], ...]:
    """Return name, title and tool tip of each format; created at each call, since the language can change.

    The names are those of :class:`ICHSegmentationLib.export.formats.ExportFormat`.
    """
    return (
        ("pdf", _("Report"), _("One page as PDF: volumes, pictures, method, lines for a signature.")),
        ("html", _("Review page"), _("One file for a web browser: slices with outlines, volumes, 3D; works offline.")),
        ("text", _("Text"), _("A block of text for a dictation system, from your own template if you have one.")),
        ("csv", _("CSV"), _("Volumes as a table.")),
        ("json", _("JSON"), _("All measurements for other programs.")),
        ("scores", _("Scores CSV"), _("Scores and growth as a table; items that you chose are marked.")),
        ("dicom-seg", _("DICOM SEG"), _("The segmentation as a DICOM object on the source slices.")),
        (
            "dicom-sr",
            _("DICOM SR"),
            _("Measurements as a DICOM structured report, together with the DICOM segmentation."),
        ),
        ("dicom-pdf", _("DICOM PDF"), _("The report inside a DICOM object.")),
        (
            "dicom-labelmap",
            _("DICOM Label Map"),
            _("The segmentation as one map instead of one mask per subtype."),
        ),
        ("dicom-sc", _("DICOM pictures"), _("Key slices with outlines and volumes as DICOM pictures, in a folder.")),
        ("rtstruct", _("RT Structure Set"), _("Outlines on each slice as a DICOM object for radiotherapy systems.")),
        ("fhir", _("FHIR"), _("Volumes and scores as a FHIR report for a hospital's data platform; no patient data.")),
    )
