# SPDX-License-Identifier: Apache-2.0
"""Segment Editor inside the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer

from ICHSegmentationLib import mrml

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLSegmentEditorNode

EFFECTS = ["Paint", "Erase", "Scissors", "Threshold", "Islands"]
BLOOD_HU = (40.0, 90.0)
UNDO_STATES = 20
_SINGLETON_TAG = "ICHSegmentation"


class Editor:
    """Slicer's Segment Editor with the tools for corrections, and its own settings.

    Parameters
    ----------
    frame : QWidget
        Its layout gets the editor.
    """

    def __init__(self, frame: Any) -> None:
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
        self._node = None
        self.widget.setSegmentationNode(None)
        self.widget.removeViewObservations()

    def edit(self, segmentation: vtkMRMLSegmentationNode, volume: vtkMRMLScalarVolumeNode, *, masked: bool) -> None:
        """Set the result to edit and its CT."""
        node = self._find_node()
        if self.widget.segmentationNode() is not segmentation:
            self.widget.setSegmentationNode(segmentation)
        if self.widget.sourceVolumeNode() is not volume:
            self.widget.setSourceVolumeNode(volume)
        mrml.keep_exclusive(node)
        self.set_masked(masked)

    def set_masked(self, masked: bool) -> None:
        """Restrict the tools to voxels between 40 and 90 HU, or not."""
        node = self._find_node()
        node.SetSourceVolumeIntensityMaskRange(*BLOOD_HU)
        node.SetSourceVolumeIntensityMask(masked)

    def save_state(self) -> None:
        """Save the state for Undo."""
        self.widget.saveStateForUndo()

    def undo(self) -> None:
        """Restore the last saved state."""
        self.widget.undo()

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
            self._node = node
        self.widget.setMRMLSegmentEditorNode(self._node)
        return self._node
