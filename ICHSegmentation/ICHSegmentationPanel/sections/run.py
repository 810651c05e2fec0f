# SPDX-License-Identifier: Apache-2.0
"""One run: hand the volume to the worker, publish what comes back."""

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
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.record import models_text
from ICHSegmentationLib.measurement.reader_items import Proposals
from ICHSegmentationLib.mrml.volume.geometry import stamp_of
from ICHSegmentationPanel.process import failure_of, make_failure, stage_title
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
    """What a run is doing."""

    IDLE = auto()
    RUNNING = auto()
    CANCELLING = auto()


class RunSection(Section, VTKObservationMixin):
    """The Segment button, which is Cancel during a run, and the progress bar.

    Parameters
    ----------
    ui : object
        The panel's widgets by name.
    process : SegmentationProcess
        The worker.
    inputs, models, messages : InputSection, ModelSection, MessageArea
        What to segment, with what, and where to say how it went.
    on_start : callable
        Called before the volume is read.
    on_result : callable
        Called with the new segmentation node.
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
    ) -> None:
        super().__init__()
        self._ui = ui
        self._process = process
        self._inputs = inputs
        self._models = models
        self._messages = messages
        self._on_start = on_start
        self._on_result = on_result
        self._volume: vtkMRMLScalarVolumeNode | None = None
        self._stamp: tuple[object, ...] | None = None
        self._started = 0.0
        self.state = RunState.IDLE
        ui.segmentButton.connect("clicked()", self._click)
        self._enter(RunState.IDLE)

    def set_parameters(self, parameters: Parameters | None) -> None:
        """Set the parameters of the scene; stop the run without a message when a scene closes."""
        if parameters is None:
            self._abandon()
        super().set_parameters(parameters)

    def update(self) -> None:
        """Show whether a run can be started, and why not."""
        if self.state is RunState.IDLE:
            problem = self._problem()
            self._ui.segmentButton.enabled = not problem
            self._ui.segmentButton.toolTip = problem or _("Find and label the blood; a new segmentation is made.")

    def start(self, *, force: bool = False) -> None:
        """Segment the chosen volume; with ``force`` also where it does not look like a head."""
        if self.state is not RunState.IDLE:
            return
        self._inputs.settle()
        problem = self._problem()
        if problem or self._process.busy:
            self._messages.complain(problem or _("Other work is under way; segment when it is done."))
            return
        if not self._models.is_agreed():
            return
        self._on_start()
        self._messages.clear()
        self._started = time.perf_counter()
        self._volume = self._inputs.volume
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
        """Stop the run; it is over within half a second."""
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
            # Cropped or hardened meanwhile: the labels are those of other voxels.
            self._fail(make_failure("volume_changed"))
            return
        try:
            node = _publish(volume, answer)
        except Exception as error:
            self._fail(failure_of(error, "The run failed."))
            return
        seconds = time.perf_counter() - self._started
        # What was found in the scan itself stands beside its geometry.
        found = [warning for warning in result.warnings if warning not in result.volume.warnings]
        self._messages.say(_("Segmented in {seconds:.1f} s.").format(seconds=seconds), found)
        self._on_result(node)

    def _fail(self, failure: Failure) -> None:
        self._end()
        label, action = "", None
        if failure.can_force:
            label, action = _("Segment all the same"), lambda: self.start(force=True)
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
        self._ui.segmentButton.toolTip = _("Stop the segmentation; nothing is changed.")
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
    """Return what changes with a volume's voxels, matrix or transforms, but not when its transform is set aside."""
    return stamp_of(volume) if volume.GetImageData() is not None else None


def _publish(volume: vtkMRMLScalarVolumeNode, answer: WorkerResult) -> vtkMRMLSegmentationNode:
    """Put a result into the scene as a new segmentation, with its boxes and what it proposes for the scores."""
    result = answer.segmentation
    model = result.model
    node = mrml.publish(
        volume,
        result.volume,
        result.label_map,
        name=_("{volume} bleeds").format(volume=volume.GetName()),
        info={
            "model": model.name,
            "system": model.system,
            "preset": model.preset,
            "sha256": model.sha256,
            "licence": model.licence,
            "further_models": models_text(result.further_models),
            "version": __version__,
            "device": result.runtime.device,
            "backend": result.runtime.backend,
            "threads": str(result.runtime.threads),
        },
        classes=answer.subtypes,
    )
    mrml.keep_boxes(node, result.boxes, result.label_map.labels)
    mrml.set_proposals(node, Proposals.of(answer.measurements))
    return node
