# SPDX-License-Identifier: Apache-2.0
"""Slicer's module Segment Editor on the same result, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLSegmentEditorNode

_MODULE, _OWN_MODULE = "SegmentEditor", "ICHSegmentation"


class FullEditor:
    """Opens the module Segment Editor, which has all tools, with a button on top that comes back."""

    def __init__(self) -> None:
        self._button: Any = None
        self._node: vtkMRMLSegmentEditorNode | None = None

    def open(
        self,
        segmentation: vtkMRMLSegmentationNode,
        volume: vtkMRMLScalarVolumeNode,
        segment_id: str,
        settings: vtkMRMLSegmentEditorNode,
    ) -> None:
        """Show the module Segment Editor.

        Parameters
        ----------
        segmentation, volume
            The result and its CT.
        segment_id : str
            Segment to edit; empty for the module's choice.
        settings : vtkMRMLSegmentEditorNode
            Settings of the panel's editor, whose mask the module takes over.
        """
        node = _module_node()
        node.SetAndObserveSegmentationNode(segmentation)
        node.SetAndObserveSourceVolumeNode(volume)
        if segment_id:
            node.SetSelectedSegmentID(segment_id)
        # Overlapping segments would count hemorrhage twice.
        node.SetOverwriteMode(node.OverwriteAllSegments)
        _copy_mask(settings, node)
        self._node = node
        slicer.util.selectModule(_MODULE)
        self._show_button()

    def come_back(self, settings: vtkMRMLSegmentEditorNode) -> None:
        """Take over the mask of the module if it was opened from here, and remove the button."""
        if self._node is not None and self._node.GetScene() is not None:
            _copy_mask(self._node, settings)
        self.close()

    def close(self) -> None:
        """Remove the button."""
        if self._button is not None:
            self._button.setParent(None)
            self._button.deleteLater()
        self._button = self._node = None

    def _show_button(self) -> None:
        if self._button is None:
            self._button = qt.QPushButton(_("Back to ICH Segmentation"))
            self._button.objectName = "backToICHSegmentationButton"
            self._button.connect("clicked()", lambda: slicer.util.selectModule(_OWN_MODULE))
            slicer.modules.SegmentEditorWidget.layout.insertWidget(0, self._button)


def _module_node() -> vtkMRMLSegmentEditorNode:
    """Return the settings of the module Segment Editor; created if it was never opened in this scene."""
    node = slicer.mrmlScene.GetSingletonNode(_MODULE, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
        node.UnRegister(None)
        node.SetSingletonTag(_MODULE)
        node = slicer.mrmlScene.AddNode(node)
    return node


def _copy_mask(source: vtkMRMLSegmentEditorNode, target: vtkMRMLSegmentEditorNode) -> None:
    target.SetSourceVolumeIntensityMaskRange(*source.GetSourceVolumeIntensityMaskRange())
    target.SetSourceVolumeIntensityMask(source.GetSourceVolumeIntensityMask())
