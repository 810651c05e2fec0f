# SPDX-License-Identifier: Apache-2.0
"""Section Results: choice of the result, and its volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml
from ICHSegmentationLib.mrml.segmentation.model_result import RESULT_ATTRIBUTE
from ICHSegmentationPanel.lesions.finding import make_finding
from ICHSegmentationPanel.section import Section
from ICHSegmentationPanel.widgets.comparison import show_results
from ICHSegmentationPanel.widgets.labels import show_text
from ICHSegmentationPanel.widgets.results_table import ResultsTable, make_rows

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode


class ResultsSection(Section, VTKObservationMixin):
    """Lists of results, and the table of volumes, which follows edits.

    Parameters
    ----------
    ui : object
        Widgets of the panel by name.
    on_chosen, on_edited : callable
        Called after another result was chosen, and after each edit of its labels.
    """

    def __init__(self, ui: Any, on_chosen: Callable[[], None], on_edited: Callable[[], None]) -> None:
        super().__init__()
        self._ui = ui
        self._on_chosen = on_chosen
        self._on_edited = on_edited
        self._live: mrml.LiveVolumes | None = None
        self.segmentation: vtkMRMLSegmentationNode | None = None
        self._compared: vtkMRMLSegmentationNode | None = None
        self._compared_ml: dict[str, float] | None = None
        self._table = ResultsTable(ui.resultsTable, self._set_visible)
        ui.segmentationSelector.addAttribute("vtkMRMLSegmentationNode", RESULT_ATTRIBUTE)
        ui.comparedSelector.addAttribute("vtkMRMLSegmentationNode", RESULT_ATTRIBUTE)
        ui.segmentationSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose)
        ui.comparedSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose_compared)
        ui.copyTableButton.connect("clicked()", self._copy)
        ui.overlapButton.connect("clicked()", lambda: mrml.make_exclusive(self.segmentation))
        self._fill()
        show_text(self._ui.findingLabel, "")

    def update(self) -> None:
        """Show the chosen results."""
        parameters = self._parameters
        segmentation = parameters.segmentation if parameters else None
        compared = parameters.compared if parameters else None
        for selector, node in ((self._ui.segmentationSelector, segmentation), (self._ui.comparedSelector, compared)):
            if selector.currentNode() != node:
                selector.setCurrentNode(node)
        self._take(segmentation, compared if compared != segmentation else None)

    @property
    def measured(self) -> mrml.SceneVolumes | None:
        """Latest volumes of the result."""
        return self._live.current if self._live is not None else None

    def describe(self, lesions: Sequence[mrml.BoxLesion]) -> None:
        """Show what the result says, from its current lesions."""
        if self._live is not None:
            outcome = mrml.run_outcome(self.segmentation)
            make_finding(lesions, outcome, corrected=bool(self._live.current.changed)).show(self._ui.findingLabel)

    def close(self) -> None:
        """Remove all observers."""
        self._take(None, None)

    def _choose(self, node: vtkMRMLSegmentationNode | None) -> None:
        if self._parameters is not None and self._parameters.segmentation != node:
            self._parameters.segmentation = node

    def _choose_compared(self, node: vtkMRMLSegmentationNode | None) -> None:
        if self._parameters is not None and self._parameters.compared != node:
            self._parameters.compared = node

    def _take(self, segmentation: vtkMRMLSegmentationNode | None, compared: vtkMRMLSegmentationNode | None) -> None:
        if (segmentation, compared) == (self.segmentation, self._compared):
            return
        if self._live is not None:
            self._live.close()
        self.removeObservers()
        self.segmentation, self._compared, self._live = segmentation, compared, None
        self._compared_ml = mrml.segment_volumes_ml(compared) if compared is not None else None
        show_results(segmentation, compared)
        if segmentation is not None:
            self._live = mrml.LiveVolumes(segmentation, self._edited)
            display = segmentation.GetDisplayNode()
            if display is not None:
                self.addObserver(display, vtk.vtkCommand.ModifiedEvent, lambda _caller, _event: self._fill())
        self._fill()
        show_text(self._ui.findingLabel, "")
        if segmentation is not None:
            self._on_chosen()

    def _edited(self, _volumes: mrml.SceneVolumes) -> None:
        self._fill()
        self._on_edited()

    def _fill(self) -> None:
        enabled = self._live is not None
        self._ui.overlapButton.visible = enabled and self._live.current.overlapping
        self._ui.resultsTable.enabled = self._ui.copyTableButton.enabled = enabled
        totals_ml = (self._live.current.volumes_ml["total"] if enabled else 0.0, (self._compared_ml or {}).get("total"))
        # A table of zeros says less than the sentence above it.
        self._ui.resultsTable.visible = any(totals_ml)
        if not enabled:
            self._table.show((), compares=False)
            return
        segmentation = self.segmentation.GetSegmentation()
        display = self.segmentation.GetDisplayNode()
        segments = {key: segmentation.GetSegment(key) for key in segmentation.GetSegmentIDs()}
        rows = make_rows(
            {key: segment.GetName() for key, segment in segments.items()},
            {key: segment.GetColor() for key, segment in segments.items()},
            {key: display is None or display.GetSegmentVisibility(key) for key in segments},
            self._live.current,
            self._compared_ml,
        )
        self._table.show(rows, compares=self._compared_ml is not None)

    def _set_visible(self, segment_id: str, visible: bool) -> None:
        self.segmentation.CreateDefaultDisplayNodes()
        self.segmentation.GetDisplayNode().SetSegmentVisibility(segment_id, visible)

    def _copy(self) -> None:
        slicer.app.clipboard().setText(self._table.text())
        slicer.util.showStatusMessage(_("The table is on the clipboard."), 3000)
