# SPDX-License-Identifier: Apache-2.0
"""Save a corrected scan as training data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.process import failure_of
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.labels import show_error, show_text, wrapped_label

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode

    from ICHSegmentationLib.mrml import VolumeCheck
    from ICHSegmentationPanel.process import Failure, SegmentationProcess

_FOLDER, _AGREED = "ICHSegmentation/TrainingFolder", "ICHSegmentation/TrainingFoldersAgreed"


class TrainingSection(Section):
    """Button that adds scan, labels and boxes to a folder for ``ichseg train``; asks for consent once per folder.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    process : SegmentationProcess
        Client of the worker, which writes the files.
    check_of : callable
        Returns the check of a volume if there is one, else None.
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
    ) -> None:
        self._process = process
        self._check_of = check_of
        self._is_saving = False
        self._folder = qt.QSettings().value(_FOLDER, "") or ""
        self.button = qt.QPushButton(_("Save as training data"))
        self.folder_button = qt.QToolButton()
        self.folder_button.text = "..."
        # Not remembered: each session begins with the safe choice.
        self.remove_face = qt.QCheckBox(_("Remove the face"))
        self.remove_face.checked = True
        self.remove_face.toolTip = _(
            "What lies more than 15 mm outside the skull's inside, such as face and ears, is saved as air. Brain, "
            "hemorrhage and volumes do not change. A scan that the model of the head does not fit is not saved."
        )
        self._message = wrapped_label()
        row = qt.QHBoxLayout()
        row.addWidget(self.button)
        row.addWidget(self.folder_button)
        self._ui = ui
        ui.trainingPlace.layout().addRow(row)
        ui.trainingPlace.layout().addRow(self.remove_face)
        ui.trainingPlace.layout().addRow(self._message)
        self.button.connect("clicked()", self.save)
        self.folder_button.connect("clicked()", self._choose_folder)
        self._say("")
        self._show_folder()

    def reset(self) -> None:
        """Remove the message."""
        self._say("")

    def update(self) -> None:
        """Enable the button if there is a result."""
        self._ui.trainingSection.enabled = self._segmentation is not None
        self.button.enabled = self._segmentation is not None and not self._is_saving

    def save(self) -> None:
        """Add the current result to the folder."""
        node = self._segmentation
        if node is None or self._is_saving:
            return
        if not (self._folder or self._choose_folder()) or not self._is_agreed():
            return
        volume_node = mrml.source_volume(node)
        if volume_node is None:
            self._say(_("The CT of this result is no longer in the scene."))
            return
        try:
            volume = mrml.volume_input(volume_node, check=self._check_of(volume_node))
            label_map = mrml.label_map_of(node)
            boxes = tuple(lesion.box for lesion in mrml.box_lesions(node))
        except Exception as error:
            self._fail(failure_of(error, "The scan could not be saved."))
            return
        self._set_saving(True)
        self._say(_("Saving..."))
        self._process.save_training_case(
            Path(self._folder),
            volume,
            label_map,
            boxes,
            keep_face=not self.remove_face.checked,
            finished=self._finish,
            failed=self._fail,
        )

    @property
    def message(self) -> str:
        """Message below the button."""
        return str(self._message.text)

    def _choose_folder(self) -> bool:
        """Ask for another folder; return whether the user chose one."""
        chosen = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Folder for training data"), self._folder
        )
        if not chosen:
            return False
        self._folder = str(chosen)
        qt.QSettings().setValue(_FOLDER, self._folder)
        self._show_folder()
        return True

    def _is_agreed(self) -> bool:
        """Whether the user agrees to store scans in the folder; asks once per folder."""
        settings = qt.QSettings()
        agreed = [line for line in (settings.value(_AGREED, "") or "").split("\n") if line]
        if self._folder in agreed:
            return True
        question = _(
            "Save scans in {folder} for training?\n\nVoxels, geometry, labels and boxes are saved, without names, "
            "dates and identifiers; the face is removed unless you switch that off. Answer Yes if you are permitted to "
            "use scans in this way. You will not be asked again for this folder."
        ).format(folder=self._folder)
        if not slicer.util.confirmYesNoDisplay(question, windowTitle=_("Training data")):
            return False
        settings.setValue(_AGREED, "\n".join((*agreed, self._folder)))
        return True

    def _finish(self, name: str) -> None:
        self._set_saving(False)
        self._say(_("Saved as {name} in {folder}.").format(name=name, folder=self._folder))

    def _fail(self, failure: Failure) -> None:
        self._set_saving(False)
        show_error(self._message, failure.in_one_sentence)

    def _set_saving(self, saving: bool) -> None:
        self._is_saving = saving
        self.update()

    def _say(self, sentence: str) -> None:
        show_text(self._message, sentence)

    def _show_folder(self) -> None:
        where = self._folder or _("a folder that you choose")
        self.button.toolTip = _(
            "Add CT, labels and boxes, without names, dates and identifiers, to {folder}, for ichseg train."
        ).format(folder=where)
        self.folder_button.toolTip = _("Choose another folder for training data.")
