# SPDX-License-Identifier: Apache-2.0
"""Run: send the volume to the worker, and add the result to the scene."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml
from ICHSegmentationLib.mrml.volume.geometry import stamp_of
from ICHSegmentationPanel.process import failure_of, make_failure, stage_title
from ICHSegmentationPanel.scripting import publish_result
from ICHSegmentationPanel.section import Section

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.worker.client.outcome import WorkerResult
    from ICHSegmentationPanel.parameters import Parameters
    from ICHSegmentationPanel.process import Failure, SegmentationProcess
    from ICHSegmentationPanel.sections.input import InputSection
    from ICHSegmentationPanel.sections.model import ModelSection
    from ICHSegmentationPanel.widgets.message_area import MessageArea


class RunState(Enum):
    """State of a run."""

    IDLE = auto()
    RUNNING = auto()
    CANCELLING = auto()


class RunSection(Section, VTKObservationMixin):
    """Segment button, which becomes Cancel during a run, and progress bar.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    process : SegmentationProcess
        Client of the worker.
    inputs, models, messages : InputSection, ModelSection, MessageArea
        Provide the volume and the model, and show the outcome.
    on_start : callable
        Called before the volume is read.
    on_result : callable
        Called with the new segmentation node.
    is_edited : callable
        Returns whether the current result was changed by hand; such a result is never replaced.
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        inputs: InputSection,
        models: ModelSection,
        messages: MessageArea,
        on_start: Callable[[], None],
        on_result: Callable[[vtkMRMLSegmentationNode], None],
        is_edited: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._ui = ui
        self._process = process
        self._inputs = inputs
        self._models = models
        self._messages = messages
        self._on_start = on_start
        self._on_result = on_result
        self._is_edited = is_edited
        self._replaced: vtkMRMLSegmentationNode | None = None
        self._volume: vtkMRMLScalarVolumeNode | None = None
        self._stamp: tuple[object, ...] | None = None
        self._started = 0.0
        self.state = RunState.IDLE
        ui.outputSelector.addItem(_("New segmentation"))
        ui.segmentButton.connect("clicked()", self._click)
        self._enter(RunState.IDLE)

    def set_parameters(self, parameters: Parameters | None) -> None:
        """Set the parameters of the scene; stop the run without a message when a scene closes."""
        if parameters is None:
            self._abandon()
        super().set_parameters(parameters)

    def update(self) -> None:
        """Enable the button, or show in its tool tip why no run can start."""
        if self.state is RunState.IDLE:
            self._offer_output()
            problem = self._problem()
            self._ui.segmentButton.enabled = not problem
            self._ui.segmentButton.toolTip = problem or _("Segment the hemorrhage into a new segmentation.")

    def start(self, *, force: bool = False) -> None:
        """Segment the chosen volume; with ``force`` even if it does not look like a head."""
        if self.state is not RunState.IDLE:
            return
        self._inputs.settle()
        problem = self._problem()
        if problem or self._process.busy:
            self._messages.complain(problem or _("Another task is running; segment when it has finished."))
            return
        if not self._models.is_agreed():
            return
        self._on_start()
        self._messages.clear()
        self._started = time.perf_counter()
        self._volume = self._inputs.volume
        self._replaced = self._replaceable if self._ui.outputSelector.currentIndex == 1 else None
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAboutToBeRemovedEvent, self._node_goes)
        self._enter(RunState.RUNNING)
        self._progress("start", 0.0)
        try:
            scan = self._inputs.read()
            self._stamp = _stamp_of(self._volume)
            self._process.segment(
                scan,
                model=self._models.entry.name,
                device=self._models.device,
                force=force,
                progress=self._progress,
                finished=self._finish,
                failed=self._fail,
            )
        except Exception as error:
            self._fail(failure_of(error, "The run failed."))

    def cancel(self) -> None:
        """Cancel the run; it stops within half a second."""
        if self.state is RunState.RUNNING:
            self._enter(RunState.CANCELLING)
            self._process.cancel()

    def _abandon(self) -> None:
        if self.state is not RunState.IDLE:
            self._process.abandon()
            self._end()

    def _problem(self) -> str:
        """Return why no run can be started."""
        if self._inputs.check is None:
            return _("Choose a head CT first.")
        if not self._inputs.check.ok:
            return self._inputs.check.reason
        return self._models.problem

    @property
    def _replaceable(self) -> vtkMRMLSegmentationNode | None:
        """The current result if it is of the chosen volume and was not changed by hand."""
        node = self._segmentation
        if node is None or self._is_edited() or mrml.source_volume(node) != self._inputs.volume:
            return None
        return node

    def _offer_output(self) -> None:
        """Offer to replace the current result, or only a new one."""
        selector, node = self._ui.outputSelector, self._replaceable
        if node is None:
            if selector.count > 1:
                selector.removeItem(1)
            return
        text = _("Replace {name}").format(name=node.GetName())
        if selector.count == 1:
            selector.addItem(text)
        else:
            selector.setItemText(1, text)

    def _click(self) -> None:
        if self.state is RunState.IDLE:
            self.start()
        else:
            self.cancel()

    def _finish(self, answer: WorkerResult) -> None:
        volume, stamp = self._volume, self._stamp
        self._end()
        result = answer.segmentation
        if _stamp_of(volume) != stamp:
            # Cropped or hardened during the run: the labels belong to other voxels.
            self._fail(make_failure("volume_changed"))
            return
        try:
            node = publish_result(volume, answer)
        except Exception as error:
            self._fail(failure_of(error, "The run failed."))
            return
        seconds = time.perf_counter() - self._started
        # Warnings about the scan are shown with its geometry.
        found = [warning for warning in result.warnings if warning not in result.volume.warnings]
        self._messages.say(_("Segmented in {seconds:.1f} s.").format(seconds=seconds), found)
        replaced = self._replaced if self._replaced is self._replaceable else None
        self._on_result(node)
        if replaced is not None:
            name = replaced.GetName()
            mrml.remove_result(replaced)
            node.SetName(name)
            self.update()

    def _fail(self, failure: Failure) -> None:
        self._end()
        label, action = "", None
        if failure.can_force:
            label, action = _("Segment anyway"), lambda: self.start(force=True)
        elif failure.suggests_processor and self._models.device != "cpu":
            label, action = _("Use the processor"), self._restart_on_processor
        self._messages.complain(failure.sentence, failure.next_step, label=label, action=action)

    def _restart_on_processor(self) -> None:
        self._models.use_processor()
        self.start()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _node_goes(self, _caller: Any, _event: str, node: Any) -> None:
        if node is self._volume:
            self._process.abandon()
            self._fail(make_failure("volume_removed"))

    def _end(self) -> None:
        self.removeObservers()
        self._volume = None
        self._enter(RunState.IDLE)

    def _enter(self, state: RunState) -> None:
        self.state = state
        self._ui.segmentButton.text = _("Segment") if state is RunState.IDLE else _("Cancel")
        self._ui.segmentButton.toolTip = _("Cancel the segmentation; the scene stays as it is.")
        self._ui.segmentButton.enabled = state is not RunState.CANCELLING
        self._ui.progressBar.visible = state is not RunState.IDLE
        if state is RunState.CANCELLING:
            self._ui.progressBar.format = _("Cancelling...")
        self.update()

    def _progress(self, stage: str, fraction: float) -> None:
        if self.state is RunState.RUNNING:
            self._ui.progressBar.value = round(100 * fraction)
            self._ui.progressBar.format = f"{stage_title(stage)} (%p %)"


def _stamp_of(volume: vtkMRMLScalarVolumeNode) -> tuple[object, ...] | None:
    """Return a value that changes with a volume's voxels, matrix or transforms, but not with detaching."""
    return stamp_of(volume) if volume.GetImageData() is not None else None
