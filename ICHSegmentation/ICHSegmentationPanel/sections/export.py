# SPDX-License-Identifier: Apache-2.0
"""Handing a result on: report, tables, text and DICOM files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.editing_time import editing_s
from ICHSegmentationPanel.process import failure_of, stage_title
from ICHSegmentationPanel.sections.export_widgets import ExportWidgets

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.export.job import ExportJob
    from ICHSegmentationLib.mrml import VolumeCheck
    from ICHSegmentationLib.worker.client.outcome import WorkerComparison
    from ICHSegmentationPanel.parameters import Parameters
    from ICHSegmentationPanel.process import Failure, SegmentationProcess

_FOLDER, _FORMATS = "ICHSegmentation/ExportFolder", "ICHSegmentation/ExportFormats"


class ExportPart:
    """Folder, kinds of file, what the report says of the patient, and the button that writes them in the worker.

    Parameters
    ----------
    ui : object
        The panel's widgets by name.
    process : SegmentationProcess
        The worker.
    check_of : callable
        Returns what is known of a volume already, or None.
    compared : callable
        Returns the comparison with an earlier scan that was made of the result, or None.
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
        self._parameters: Parameters | None = None
        self._is_writing = False
        self._shown_id: str | None = None
        self.widgets = ExportWidgets(ui.exportPlace)
        settings = qt.QSettings()
        self.widgets.folder = settings.value(_FOLDER, "") or ""
        self.widgets.formats = tuple(filter(None, (settings.value(_FORMATS, "") or "pdf").split(",")))
        self.widgets.button.connect("clicked()", self.export)

    def set_parameters(self, parameters: Parameters | None) -> None:
        """Take up a scene's parameters, or None while a scene closes."""
        self._parameters = parameters
        self.widgets.say("")
        self.update()

    def update(self) -> None:
        """Show what can be exported of the result that the parameters name."""
        node = self._segmentation
        shown_id = node.GetID() if node is not None else None
        if shown_id != self._shown_id:
            # It may be another patient's.
            self._shown_id = shown_id
            self.widgets.forget_patient()
        self._ui.exportSection.enabled = node is not None
        self.widgets.button.enabled = node is not None and not self._is_writing
        volume = mrml.source_volume(node) if node is not None else None
        check = self._check_of(volume) if volume is not None else None
        is_dicom = check is None or check.geometry is None or check.geometry.source.kind == "dicom"
        self.widgets.allow(dicom=is_dicom, growth=self._compared() is not None)

    def export(self) -> None:
        """Write the chosen files; asks before files of the same names are replaced."""
        node = self._segmentation
        if node is None or self._is_writing:
            return
        if self._process.busy:
            self.widgets.say(_("Other work is under way; export when it is done."))
            return
        try:
            self._start(node)
        except Exception as error:
            self._fail(failure_of(error, "The export failed."))

    def close(self) -> None:
        """Look at no node any more."""
        self._parameters = None

    @property
    def _segmentation(self) -> vtkMRMLSegmentationNode | None:
        return self._parameters.segmentation if self._parameters is not None else None

    @property
    def _growth(self) -> WorkerComparison | None:
        """The comparison that the files shall tell of."""
        return self._compared() if self.widgets.with_growth else None

    def _start(self, node: vtkMRMLSegmentationNode) -> None:
        problem = self.widgets.problem
        if problem:
            self.widgets.say(problem)
            return
        overwrite = self._may_overwrite()
        if overwrite is None:
            return
        volume_node = mrml.source_volume(node)
        if volume_node is None:
            self.widgets.say(_("The CT of this result is not in the scene any more."))
            return
        volume = mrml.volume_input(volume_node, check=self._check_of(volume_node))
        changed = mrml.changed_by_hand(node)
        job = self._job(node, volume, sorted(changed), overwrite=overwrite)
        model_labels = mrml.model_label_map_of(node) if changed else None
        settings = qt.QSettings()
        settings.setValue(_FOLDER, self.widgets.folder)
        settings.setValue(_FORMATS, ",".join(self.widgets.formats))
        self._set_writing(True)
        self._process.export(
            volume,
            mrml.label_map_of(node),
            job,
            model_labels,
            self._growth.picture if self._growth is not None else None,
            progress=self._progress,
            finished=self._finish,
            failed=self._fail,
        )

    def _job(self, node: vtkMRMLSegmentationNode, volume: Any, changed: list[str], *, overwrite: bool) -> ExportJob:
        from ICHSegmentationLib.export.job import ExportJob, ScanFiles
        from ICHSegmentationLib.export.record import RunRecord

        return ExportJob(
            folder=Path(self.widgets.folder),
            formats=self.widgets.formats,
            scan=ScanFiles.of(volume.source),
            run=RunRecord.of_attributes(mrml.result_info(node)),
            warnings=(*volume.warnings, *_box_note(node)),
            corrected=changed,
            editing_s=editing_s(node) if changed else None,
            with_patient=self.widgets.with_patient,
            overwrite=overwrite,
            reader=mrml.reader_items(node),
            growth=self._growth.comparison if self._growth is not None else None,
        )

    def _may_overwrite(self) -> bool | None:
        """Return whether files may be replaced; None if the user does not want that."""
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
        names = ", ".join(path.name for path in files)
        self.widgets.say(_("Wrote {files} into {folder}.").format(files=names, folder=files[0].parent))

    def _fail(self, failure: Failure) -> None:
        self._set_writing(False)
        self.widgets.complain(failure.in_one_sentence)

    def _set_writing(self, writing: bool) -> None:
        self._is_writing = writing
        self.update()


def _box_note(node: vtkMRMLSegmentationNode) -> tuple[str, ...]:
    """Return what the reader of a report must know of boxes; in the report's language."""
    models = mrml.box_models(node)
    if not models:
        return ()
    return (f"Lesions in boxes that were drawn or changed by hand were segmented with the model {', '.join(models)}.",)
