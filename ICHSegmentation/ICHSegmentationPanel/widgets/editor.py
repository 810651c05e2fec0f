# SPDX-License-Identifier: Apache-2.0
"""The Segment Editor inside the panel."""

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
    """Slicer's editor with the tools that correcting a bleed needs, and settings of its own.

    Parameters
    ----------
    frame : QWidget
        Where it is put.
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
        # Overlapping segments, which this section offers, would count blood twice.
        widget.maskingSectionVisible = False
        # The editor's node comes first: what setting the scene selects by itself is then kept in it.
        self._find_node()
        widget.setMRMLScene(slicer.mrmlScene)
        frame.layout().addWidget(widget)

    def enter(self) -> None:
        """Take the keyboard shortcuts for the editor."""
        self._find_node()
        self.widget.installKeyboardShortcuts()
        self.widget.updateWidgetFromMRML()

    def exit(self) -> None:
        """Put the active tool away and give the shortcuts back."""
        self.widget.setActiveEffect(None)
        self.widget.uninstallKeyboardShortcuts()
        self.widget.removeViewObservations()

    def forget_scene(self) -> None:
        """Let go of the nodes of a scene that closes."""
        self._node = None
        self.widget.setSegmentationNode(None)
        self.widget.removeViewObservations()

    def edit(self, segmentation: vtkMRMLSegmentationNode, volume: vtkMRMLScalarVolumeNode, *, masked: bool) -> None:
        """Choose what to edit."""
        node = self._find_node()
        if self.widget.segmentationNode() is not segmentation:
            self.widget.setSegmentationNode(segmentation)
        if self.widget.sourceVolumeNode() is not volume:
            self.widget.setSourceVolumeNode(volume)
        mrml.keep_exclusive(node)
        self.set_masked(masked)

    def set_masked(self, masked: bool) -> None:
        """Let the tools change only voxels with the density of blood, or any."""
        node = self._find_node()
        node.SetSourceVolumeIntensityMaskRange(*BLOOD_HU)
        node.SetSourceVolumeIntensityMask(masked)

    def save_state(self) -> None:
        """Remember the segmentation for Undo."""
        self.widget.saveStateForUndo()

    def undo(self) -> None:
        """Bring back what was remembered last."""
        self.widget.undo()

    def _find_node(self) -> vtkMRMLSegmentEditorNode:
        """Return the editor's settings in the scene; not those of the module Segment Editor, which stay as they are."""
        if self._node is None:
            node = slicer.mrmlScene.GetSingletonNode(_SINGLETON_TAG, "vtkMRMLSegmentEditorNode")
            if node is None:
                node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
                node.UnRegister(None)
                node.SetSingletonTag(_SINGLETON_TAG)
                node = slicer.mrmlScene.AddNode(node)
            # What the tool Threshold starts with; effect parameters are attributes of this node. In every scene anew:
            # closing one resets the node instead of removing it.
            for name, bound in zip(("MinimumThreshold", "MaximumThreshold"), BLOOD_HU, strict=True):
                node.SetAttribute(f"Threshold.{name}", str(bound))
            self._node = node
        self.widget.setMRMLSegmentEditorNode(self._node)
        return self._node
