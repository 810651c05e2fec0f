# SPDX-License-Identifier: Apache-2.0
"""A point or a box that the user places with the mouse in a view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.util import VTKObservationMixin

if TYPE_CHECKING:
    from slicer import vtkMRMLMarkupsNode

POINT, BOX = "vtkMRMLMarkupsFiducialNode", "vtkMRMLMarkupsROINode"


class Placing(VTKObservationMixin):
    """Slicer's place mode for one markup, which is removed again when it was used.

    Parameters
    ----------
    on_end : callable
        Called when the mode ends, by the last click, by the user or by another tool.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        super().__init__()
        self._on_end = on_end
        self._node: vtkMRMLMarkupsNode | None = None
        self._on_placed: Callable[[Any], None] | None = None
        self._before: str | None = None
        # The markup must not be removed within an event of the mouse, which Slicer still works on.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.connect("timeout()", self._finish)

    @property
    def kind(self) -> str:
        """What is being placed, see `start`; empty if nothing is."""
        return self._node.GetClassName() if self._node is not None else ""

    def start(self, kind: str, transform_id: str | None, on_placed: Callable[[Any], None]) -> None:
        """Let the user place one markup.

        Parameters
        ----------
        kind : str
            `POINT` (one click) or `BOX` (two clicks, on opposite corners; it is as deep as its shorter side is long).
        transform_id : str or None
            ID of the transform node of the markup.
        on_placed : callable
            Called with the markup when it is complete.
        """
        self.cancel()
        scene = slicer.mrmlScene
        node = scene.CreateNodeByClass(kind)
        node.UnRegister(None)
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        self._node = scene.AddNode(node)
        self._node.CreateDefaultDisplayNodes()
        self._node.GetDisplayNode().SetSaveWithScene(False)
        self._node.GetDisplayNode().SetPointLabelsVisibility(False)
        self._node.SetAndObserveTransformNodeID(transform_id)
        self._on_placed = on_placed
        self._before = _selection().GetActivePlaceNodeID()
        slicer.modules.markups.logic().SetActiveList(self._node)
        # Not StartPlaceMode of that logic, which places points only.
        interaction = _interaction()
        interaction.SwitchToSinglePlaceMode()
        self.addObserver(interaction, interaction.InteractionModeChangedEvent, self._mode_changed)

    def cancel(self) -> None:
        """End the mode without a result."""
        if self._node is None:
            return
        self._on_placed = None
        self.removeObservers()
        interaction = _interaction()
        if interaction.GetCurrentInteractionMode() == interaction.Place:
            interaction.SwitchToViewTransformMode()
        self._finish()

    def _mode_changed(self, interaction: Any, _event: str) -> None:
        if interaction.GetCurrentInteractionMode() != interaction.Place:
            self.removeObservers()
            self._timer.start()

    def _finish(self) -> None:
        self._timer.stop()
        node, on_placed = self._node, self._on_placed
        self._node = self._on_placed = None
        if node is None:
            return
        in_scene = node.GetScene() is not None
        try:
            if in_scene and on_placed is not None and _is_complete(node):
                on_placed(node)
        finally:
            if in_scene:
                _selection().SetReferenceActivePlaceNodeID(self._before)
                for owned in (node.GetDisplayNode(), node):
                    slicer.mrmlScene.RemoveNode(owned)
            self._on_end()


def _is_complete(node: vtkMRMLMarkupsNode) -> bool:
    if node.IsA(BOX):
        return node.GetControlPointPlacementComplete() and min(node.GetSize()) > 0
    return node.GetNumberOfDefinedControlPoints() > 0


def _interaction() -> Any:
    return slicer.app.applicationLogic().GetInteractionNode()


def _selection() -> Any:
    return slicer.app.applicationLogic().GetSelectionNode()
