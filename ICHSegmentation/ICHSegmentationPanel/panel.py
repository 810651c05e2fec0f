# SPDX-License-Identifier: Apache-2.0
"""The module's panel: its parts, and what they tell each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ICHSegmentationPanel.editing_time import EditingTime
from ICHSegmentationPanel.parameters import Parameters
from ICHSegmentationPanel.sections.boxes import BoxesPart
from ICHSegmentationPanel.sections.correct import CorrectPart
from ICHSegmentationPanel.sections.export import ExportPart
from ICHSegmentationPanel.sections.graphics import GraphicsPart
from ICHSegmentationPanel.sections.growth import GrowthPart
from ICHSegmentationPanel.sections.input import InputPart
from ICHSegmentationPanel.sections.messages import MessagePart
from ICHSegmentationPanel.sections.model import ModelPart
from ICHSegmentationPanel.sections.results import ResultsPart
from ICHSegmentationPanel.sections.run import RunPart
from ICHSegmentationPanel.sections.scores import ScoresPart
from ICHSegmentationPanel.sections.training import TrainingPart
from ICHSegmentationPanel.sections.views import ViewPart

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLScriptedModuleNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.models import Device
    from ICHSegmentationLib.mrml import VolumeCheck
    from ICHSegmentationPanel.process import SegmentationProcess


class Panel(VTKObservationMixin):
    """Everything below the line "Research use only"; made when the required packages are there.

    Parameters
    ----------
    ui : object
        The panel's widgets by name.
    process : SegmentationProcess
        The worker; the panel ends it.
    """

    def __init__(self, ui: Any, process: SegmentationProcess) -> None:
        super().__init__()
        self._ui = ui
        self._process = process
        self._parameters: Parameters | None = None
        self.run: RunPart | None = None
        self.messages = MessagePart(ui, self._diagnostics)
        self.models = ModelPart(ui)
        self.graphics = GraphicsPart(ui, self.messages)
        self.inputs = InputPart(ui, self._input_changed)
        self.views = ViewPart(ui)
        self.corrections = CorrectPart(ui, self._put_elsewhere)
        self.boxes = BoxesPart(ui, process, self.models, self.corrections, self._check_of)
        self.run = RunPart(
            ui,
            process,
            self.inputs,
            self.models,
            self.messages,
            on_start=self.corrections.reattach_acquisition_transform,
            on_result=self._show_result,
        )
        self.results = ResultsPart(ui, self.views.apply, self._edited)
        self.scores = ScoresPart(ui, process, self._check_of, lambda: self.results.measured)
        self.growth = GrowthPart(ui, process, self._check_of, self._compared)
        self.exports = ExportPart(ui, process, self._check_of, lambda: self.growth.found)
        self.training = TrainingPart(ui, process, self._check_of)
        self._editing_time = EditingTime()
        # The views before the results, which make them show a result as soon as a scene has one.
        self._parts = (
            self.inputs,
            self.models,
            self.views,
            self.results,
            self.corrections,
            self.boxes,
            self.scores,
            self.growth,
            self.exports,
            self.training,
        )

    def enter(self, node: vtkMRMLScriptedModuleNode) -> None:
        """Take up the scene's parameter node, as the panel is shown or a scene was loaded."""
        self.removeObservers(self._node_changed)
        self._parameters = Parameters(node)
        if self._parameters.volume is None:
            self._parameters.volume = _volume_in_sight()
        for part in self._parts:
            part.set_parameters(self._parameters)
        self.run.update()
        self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._node_changed)
        self.corrections.enter()

    def start_worker(self) -> None:
        """Start the worker in the background, so that a first run is quick, and ask it what the computer has."""
        self._process.prepare()
        self._process.list_devices(finished=self._set_devices, failed=lambda _failure: None)

    def _set_devices(self, devices: tuple[Device, ...]) -> None:
        self.models.set_devices(devices)
        self.graphics.set_devices(devices)

    def exit(self) -> None:
        """Put tools away, as another module is shown; a run goes on."""
        self.corrections.exit()
        self.boxes.exit()

    def leave_scene(self) -> None:
        """Let go of a scene that closes; a run ends without a word."""
        self.run.abandon()
        self.removeObservers(self._node_changed)
        self._parameters = None
        for part in self._parts:
            part.set_parameters(None)
        self.messages.clear()

    def close(self) -> None:
        """End the worker and look at nothing any more."""
        self.leave_scene()
        self._process.close()
        self.removeObservers()
        self.inputs.close()
        self.results.close()
        self.corrections.close()
        self.boxes.close()
        self.scores.close()
        self.growth.close()
        self.exports.close()

    def _node_changed(self, _caller: Any, _event: str) -> None:
        # Halfway through a scene's loading its nodes do not fit together; its end comes as an event of its own.
        if slicer.mrmlScene.IsBatchProcessing():
            return
        for part in self._parts:
            part.update()

    def _input_changed(self) -> None:
        # The first look at the input comes while the parts are made.
        if self.run is not None:
            self.run.update()

    def _show_result(self, node: vtkMRMLSegmentationNode) -> None:
        self._parameters.segmentation = node
        self._ui.resultsSection.collapsed = False
        self.views.show_result()

    def _edited(self) -> None:
        self._editing_time.note(self.results.segmentation)
        self.corrections.look_again()
        for part in (self.scores, self.growth, self.exports):
            part.update()

    def _put_elsewhere(self) -> None:
        """CT and segmentation were taken out of their transform, or put under it again."""
        self.views.apply()
        self.boxes.look_again()

    def _compared(self) -> None:
        self.exports.update()

    def _check_of(self, volume: vtkMRMLScalarVolumeNode) -> VolumeCheck | None:
        return self.inputs.check if volume == self.inputs.volume else None

    def _diagnostics(self) -> str:
        check = self.inputs.check
        lines = [
            f"Model: {self.models.entry.name if self.models.entry else self.models.problem}",
            f"Device: {self.models.device}",
            f"Scan: {check.geometry_line if check else 'none'}",
            *(check.warnings if check else ()),
            self._process.diagnostics(),
        ]
        return "\n".join(lines)


def _volume_in_sight() -> vtkMRMLScalarVolumeNode | None:
    """Return the volume that was shown last, or else the first one."""
    active_id = slicer.app.applicationLogic().GetSelectionNode().GetActiveVolumeID()
    active = slicer.mrmlScene.GetNodeByID(active_id) if active_id else None
    volumes = [active, *slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    fit = (node for node in volumes if node and node.GetClassName() == "vtkMRMLScalarVolumeNode")
    return next((node for node in fit if not node.GetHideFromEditors()), None)
