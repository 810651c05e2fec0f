# SPDX-License-Identifier: Apache-2.0
"""The panel of the module: its sections, and how they notify each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.parameters import Parameters
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.sections.correct import CorrectSection
from ICHSegmentationPanel.sections.export import ExportSection
from ICHSegmentationPanel.sections.growth import GrowthSection
from ICHSegmentationPanel.sections.input import InputSection
from ICHSegmentationPanel.sections.lesions import LesionsSection
from ICHSegmentationPanel.sections.model import ModelSection
from ICHSegmentationPanel.sections.results import ResultsSection
from ICHSegmentationPanel.sections.run import RunSection
from ICHSegmentationPanel.sections.scores import ScoresSection
from ICHSegmentationPanel.sections.training import TrainingSection
from ICHSegmentationPanel.sections.views import ViewsSection
from ICHSegmentationPanel.widgets.graphics_button import GraphicsButton
from ICHSegmentationPanel.widgets.message_area import MessageArea

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLScriptedModuleNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.models import Device
    from ICHSegmentationLib.mrml import VolumeCheck
    from ICHSegmentationPanel.process import SegmentationProcess

_AnySection = TypeVar("_AnySection", bound=Section)


class Panel(VTKObservationMixin):
    """All sections below the line "Research use only"; created when the required packages are installed.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    process : SegmentationProcess
        Client of the worker; the panel closes it.
    """

    def __init__(self, ui: Any, process: SegmentationProcess) -> None:
        super().__init__()
        self._ui = ui
        self._process = process
        self._parameters: Parameters | None = None
        self._sections: list[Section] = []
        self.run: RunSection | None = None
        self.messages = MessageArea(ui, self._diagnostics)
        self.graphics = GraphicsButton(ui, self.messages)
        # Sections are updated in this order: views before results, which show a result as soon as a scene has one.
        self.inputs = self._add(InputSection(ui, self._input_changed))
        self.models = self._add(ModelSection(ui))
        self.views = self._add(ViewsSection(ui))
        self.results = self._add(ResultsSection(ui, self.views.apply, self._edited))
        self.corrections = self._add(CorrectSection(ui, self._transform_changed))
        self.lesions = self._add(
            LesionsSection(ui, process, self.models, self.corrections, self._check_of, self.results.describe)
        )
        self.scores = self._add(ScoresSection(ui, process, self._check_of, lambda: self.results.measured))
        self.growth = self._add(GrowthSection(ui, process, self._check_of, self._compared))
        self.exports = self._add(ExportSection(ui, process, self._check_of, lambda: self.growth.found))
        self.training = self._add(TrainingSection(ui, process, self._check_of))
        self.run = self._add(
            RunSection(
                ui,
                process,
                self.inputs,
                self.models,
                self.messages,
                on_start=self.corrections.reattach_acquisition_transform,
                on_result=self._show_result,
                is_edited=lambda: self.results.measured is not None and bool(self.results.measured.changed),
            )
        )
        self._editing_time = mrml.EditingTime()

    def _add(self, section: _AnySection) -> _AnySection:
        self._sections.append(section)
        return section

    def enter(self, node: vtkMRMLScriptedModuleNode) -> None:
        """Follow the scene's parameter node, when the module is shown or a scene was loaded."""
        self.removeObservers(self._node_changed)
        self._parameters = Parameters(node)
        if self._parameters.volume is None:
            self._parameters.volume = _volume_in_sight()
        for section in self._sections:
            section.set_parameters(self._parameters)
        self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._node_changed)
        for section in self._sections:
            section.enter()

    def start_worker(self) -> None:
        """Start the worker in the background, so that the first run is quick, and ask it for the devices."""
        self._process.prepare()
        self._process.list_devices(finished=self._set_devices, failed=lambda _failure: None)

    def _set_devices(self, devices: tuple[Device, ...]) -> None:
        self.models.set_devices(devices)
        self.graphics.set_devices(devices)

    def exit(self) -> None:
        """Stop tools when another module is shown; a run continues."""
        for section in self._sections:
            section.exit()

    def leave_scene(self) -> None:
        """Release a scene that closes; a run stops without a message."""
        self.removeObservers(self._node_changed)
        self._parameters = None
        for section in self._sections:
            section.set_parameters(None)
        self.messages.clear()

    def close(self) -> None:
        """Stop the worker and remove all observers."""
        self.leave_scene()
        self._process.close()
        self.removeObservers()
        for section in self._sections:
            section.close()

    def _node_changed(self, _caller: Any, _event: str) -> None:
        # While a scene loads, its nodes are inconsistent; the end of loading is an event of its own.
        if slicer.mrmlScene.IsBatchProcessing():
            return
        for section in self._sections:
            section.update()

    def _input_changed(self) -> None:
        # The input can be checked first while the sections are still being created.
        if self.run is not None:
            self.run.update()

    def _show_result(self, node: vtkMRMLSegmentationNode) -> None:
        self._parameters.segmentation = node
        self._ui.resultsSection.collapsed = self._ui.lesionsSection.collapsed = False
        self.views.show_result()

    def _edited(self) -> None:
        self._editing_time.note(self.results.segmentation)
        for section in (self.scores, self.growth, self.exports, self.run):
            section.update()

    def _transform_changed(self) -> None:
        """Update views and boxes after the acquisition transform was detached or reattached."""
        self.views.apply()
        self.lesions.refresh()

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
    """Return the active volume, or else the first one of the scene."""
    active_id = slicer.app.applicationLogic().GetSelectionNode().GetActiveVolumeID()
    active = slicer.mrmlScene.GetNodeByID(active_id) if active_id else None
    volumes = [active, *slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    fit = (node for node in volumes if node and node.GetClassName() == "vtkMRMLScalarVolumeNode")
    return next((node for node in fit if not node.GetHideFromEditors()), None)
