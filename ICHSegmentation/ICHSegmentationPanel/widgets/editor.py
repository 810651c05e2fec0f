# SPDX-License-Identifier: Apache-2.0
"""Segment Editor inside the panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.util import VTKObservationMixin

from ICHSegmentationLib import mrml

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLSegmentEditorNode

EFFECTS = ["Paint", "Erase", "Scissors", "Threshold", "Islands"]
BLOOD_HU = (40.0, 90.0)
UNDO_STATES = 20
_SINGLETON_TAG = "ICHSegmentation"


class Editor(VTKObservationMixin):
    """Slicer's Segment Editor with the tools for corrections, and its own settings.

    Parameters
    ----------
    frame : QWidget
        Its layout gets the editor.
    on_masked : callable
        Called when the mask may have changed: by `mask`, by the editor's keyboard shortcut, by "Use for masking" of
        the Threshold tool, or because a scene was loaded.
    """

    def __init__(self, frame: Any, on_masked: Callable[[], None]) -> None:
        super().__init__()
        self._on_masked = on_masked
        self.widget = slicer.qMRMLSegmentEditorWidget()
        self._node: vtkMRMLSegmentEditorNode | None = None
        widget = self.widget
        widget.setMaximumNumberOfUndoStates(UNDO_STATES)
        widget.setEffectNameOrder(EFFECTS)
        widget.unorderedEffectsVisible = False
        widget.segmentationNodeSelectorVisible = False
        widget.sourceVolumeNodeSelectorVisible = False
        widget.switchToSegmentationsButtonVisible = False
        widget.addRemoveSegmentButtonsVisible = False
        widget.show3DButtonVisible = False
        # It offers overlapping segments, which would count hemorrhage twice.
        widget.maskingSectionVisible = False
        # Node before scene: setting the scene selects nodes, and stores them in the editor's node.
        self._find_node()
        widget.setMRMLScene(slicer.mrmlScene)
        frame.layout().addWidget(widget)

    def enter(self) -> None:
        """Enable the keyboard shortcuts."""
        self._find_node()
        self.widget.installKeyboardShortcuts()
        self.widget.updateWidgetFromMRML()

    def exit(self) -> None:
        """Stop the active tool and disable the shortcuts."""
        self.widget.setActiveEffect(None)
        self.widget.uninstallKeyboardShortcuts()
        self.widget.removeViewObservations()

    def forget_scene(self) -> None:
        """Release the nodes of a scene that closes."""
        self.removeObservers()
        self._node = None
        self.widget.setSegmentationNode(None)
        self.widget.removeViewObservations()

    def edit(self, segmentation: vtkMRMLSegmentationNode, volume: vtkMRMLScalarVolumeNode) -> None:
        """Set the result to edit and its CT."""
        node = self._find_node()
        if self.widget.segmentationNode() is not segmentation:
            self.widget.setSegmentationNode(segmentation)
        if self.widget.sourceVolumeNode() is not volume:
            self.widget.setSourceVolumeNode(volume)
        mrml.keep_exclusive(node)

    @property
    def mask_hu(self) -> tuple[float, float]:
        """Lowest and highest HU of the voxels that the tools change if `masked`."""
        low, high = self._find_node().GetSourceVolumeIntensityMaskRange()
        return low, high

    @property
    def masked(self) -> bool:
        """Whether the tools change only voxels within `mask_hu`; off until the user switches it on."""
        return bool(self._find_node().GetSourceVolumeIntensityMask())

    @masked.setter
    def masked(self, masked: bool) -> None:
        self._find_node().SetSourceVolumeIntensityMask(masked)

    def close(self) -> None:
        """Stop the tools and remove all observers."""
        self.exit()
        self.removeObservers()

    def save_state(self) -> None:
        """Save the state for Undo."""
        self.widget.saveStateForUndo()

    def undo(self) -> None:
        """Restore the last saved state."""
        self.widget.undo()

    @property
    def settings(self) -> vtkMRMLSegmentEditorNode:
        """The editor's own settings node."""
        return self._find_node()

    def _find_node(self) -> vtkMRMLSegmentEditorNode:
        """Return the editor's own settings node, so that those of the module Segment Editor do not change."""
        if self._node is None:
            node = slicer.mrmlScene.GetSingletonNode(_SINGLETON_TAG, "vtkMRMLSegmentEditorNode")
            if node is None:
                node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
                node.UnRegister(None)
                node.SetSingletonTag(_SINGLETON_TAG)
                node = slicer.mrmlScene.AddNode(node)
            # Initial range of the Threshold tool; effect parameters are attributes of this node. Set for every scene:
            # closing a scene resets the node instead of removing it.
            for name, bound in zip(("MinimumThreshold", "MaximumThreshold"), BLOOD_HU, strict=True):
                node.SetAttribute(f"Threshold.{name}", str(bound))
            low, high = node.GetSourceVolumeIntensityMaskRange()
            if low == high:
                # Never set: Slicer would take the middle half of the scan's range when the mask is switched on.
                node.SetSourceVolumeIntensityMaskRange(*BLOOD_HU)
            self._node = node
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, lambda _caller, _event: self._on_masked())
        self.widget.setMRMLSegmentEditorNode(self._node)
        return self._node
