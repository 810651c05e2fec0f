# SPDX-License-Identifier: Apache-2.0
"""The change since an earlier scan of the patient: registered, measured and drawn in the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from slicer.i18n import tr as _

from ICHSegmentationLib import mrml
from ICHSegmentationPanel.process import failure_of, stage_title
from ICHSegmentationPanel.sections.growth_widgets import GrowthWidgets

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.mrml import VolumeCheck
    from ICHSegmentationLib.worker.client.outcome import WorkerComparison
    from ICHSegmentationPanel.parameters import Parameters
    from ICHSegmentationPanel.process import Failure, SegmentationProcess


class _Pair(NamedTuple):
    """Two results and their volumes, by which it is known whether a comparison still holds."""

    baseline: vtkMRMLSegmentationNode
    followup: vtkMRMLSegmentationNode
    volumes_ml: tuple[dict[str, float], dict[str, float]]

    @classmethod
    def of(cls, baseline: vtkMRMLSegmentationNode, followup: vtkMRMLSegmentationNode) -> _Pair:
        return cls(baseline, followup, (mrml.segment_volumes_ml(baseline), mrml.segment_volumes_ml(followup)))


class GrowthPart:
    """The button that compares the shown result with that under "Compare with", and what comes of it.

    Parameters
    ----------
    ui : object
        The panel's widgets by name.
    process : SegmentationProcess
        The worker.
    check_of : callable
        Returns what is known of a volume already, or None.
    on_found : callable
        Called when there is a comparison, or none any more.
    """

    def __init__(
        self,
        ui: Any,
        process: SegmentationProcess,
        check_of: Callable[[vtkMRMLScalarVolumeNode], VolumeCheck | None],
        on_found: Callable[[], None],
    ) -> None:
        self._ui = ui
        self._process = process
        self._check_of = check_of
        self._on_found = on_found
        self._parameters: Parameters | None = None
        self._running: _Pair | None = None
        self._compared: _Pair | None = None
        self._notes: tuple[str, ...] = ()
        self.found: WorkerComparison | None = None
        self.widgets = GrowthWidgets(ui.growthPlace)
        self.widgets.button.connect("clicked()", self._click)

    def set_parameters(self, parameters: Parameters | None) -> None:
        """Take up a scene's parameters, or None while a scene closes."""
        self._parameters = parameters
        self.widgets.say("")
        self.update()

    def update(self) -> None:
        """Show what can be compared; a comparison of other results or labels is taken away."""
        node, baseline = self._segmentation, self._baseline
        chosen = (baseline, node)
        if self._running is not None and (self._running.baseline, self._running.followup) != chosen:
            self._process.abandon()
            self._end()
        if self._compared is not None and (None in chosen or self._compared != _Pair.of(*chosen)):
            same = (self._compared.baseline, self._compared.followup) == chosen
            self._show(None)
            self.widgets.say(_("The labels have changed since; compare the scans again.") if same else "")
        self._ui.growthSection.enabled = node is not None
        self.widgets.button.enabled = None not in chosen
        self.widgets.intro.text = self._describe(node, baseline)

    def compare(self) -> None:
        """Let the worker compare the two results."""
        if self._running is not None or self._segmentation is None or self._baseline is None:
            return
        self._show(None)
        self.widgets.say("")
        if self._process.busy:
            self.widgets.say(_("Other work is under way; compare when it is done."))
            return
        try:
            self._start(self._baseline, self._segmentation)
        except Exception as error:
            self._fail(failure_of(error, "The comparison failed."))

    def cancel(self) -> None:
        """Stop; it is over within half a second."""
        if self._running is not None:
            self.widgets.button.enabled = False
            self._process.cancel()

    def close(self) -> None:
        """Look at no node any more."""
        self.set_parameters(None)

    @property
    def _segmentation(self) -> vtkMRMLSegmentationNode | None:
        return self._parameters.segmentation if self._parameters is not None else None

    @property
    def _baseline(self) -> vtkMRMLSegmentationNode | None:
        """The compared result, if it is of another scan."""
        compared = self._parameters.compared if self._parameters is not None else None
        if compared is None or self._segmentation is None:
            return None
        return compared if mrml.source_volume(compared) != mrml.source_volume(self._segmentation) else None

    def _describe(self, node: vtkMRMLSegmentationNode | None, baseline: vtkMRMLSegmentationNode | None) -> str:
        if node is None or baseline is None:
            return _('Choose the result of an earlier scan of the patient under "Compare with".')
        return _('From "{baseline}" (baseline) to "{followup}" (follow-up).').format(
            baseline=baseline.GetName(), followup=node.GetName()
        )

    def _start(self, baseline: vtkMRMLSegmentationNode, followup: vtkMRMLSegmentationNode) -> None:
        first, second = self._case(baseline), self._case(followup)
        if first is None or second is None:
            self.widgets.say(_("The CT of one of the results is not in the scene any more."))
            return
        warnings = (
            *(f"Baseline: {text}" for text in first[0].warnings),
            *(f"Follow-up: {text}" for text in second[0].warnings),
        )
        self._notes = warnings
        self._running = _Pair.of(baseline, followup)
        self.widgets.show_running(running=True)
        self._process.compare(
            first, second, warnings, progress=self._progress, finished=self._finish, failed=self._fail
        )

    def _case(self, node: vtkMRMLSegmentationNode) -> tuple[CTVolume, LabelMap] | None:
        volume_node = mrml.source_volume(node)
        if volume_node is None:
            return None
        return mrml.volume_input(volume_node, check=self._check_of(volume_node)), mrml.label_map_of(node)

    def _click(self) -> None:
        if self._running is None:
            self.compare()
        else:
            self.cancel()

    def _progress(self, stage: str, share: float) -> None:
        if self._running is not None:
            self.widgets.show_progress(stage_title(stage), share)

    def _finish(self, found: WorkerComparison) -> None:
        compared = self._running
        self._end()
        self._compared = compared
        self._show(found)
        # The labels may have been edited meanwhile.
        self.update()

    def _fail(self, failure: Failure) -> None:
        self._end()
        if failure.kind == "cancelled":
            self.widgets.say(_("The comparison was cancelled."))
        else:
            self.widgets.say(failure.in_one_sentence)

    def _end(self) -> None:
        self._running = None
        self.widgets.show_running(running=False)
        self.widgets.button.enabled = self._baseline is not None

    def _show(self, found: WorkerComparison | None) -> None:
        self.found = found
        if found is None:
            self._compared = None
            self.widgets.show(None)
        else:
            self.widgets.show(found.comparison, found.picture, self._notes)
        self._on_found()
