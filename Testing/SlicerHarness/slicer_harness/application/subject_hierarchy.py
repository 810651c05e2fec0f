# SPDX-License-Identifier: Apache-2.0
"""Items of the subject hierarchy, which Slicer's Qt plugins create; slicer-core has no plugins."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import QObject

from slicer_harness.observers import OwnObservers


class SubjectHierarchyItems:
    """Create an item below the scene for each displayable data node, and remove it with the node."""

    def __init__(self, scene: Any, owner: QObject) -> None:
        self._scene = scene
        self._observers = OwnObservers()
        self._owner = owner
        kinds = slicer.vtkMRMLScene
        self._observers.add(scene, kinds.NodeAddedEvent, self._added)
        self._observers.add(scene, kinds.NodeRemovedEvent, self._removed)
        self._observers.add(scene, kinds.EndImportEvent, self._imported)

    def complete(self) -> None:
        """Create missing items."""
        for index in range(self._scene.GetNumberOfNodes()):
            self._make(self._scene.GetNthNode(index))

    def _imported(self, *_event: Any) -> None:
        self.complete()

    def close(self) -> None:
        """Stop observing."""
        self._observers.remove_all()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _added(self, _scene: Any, _event: str, node: Any) -> None:
        if not self._scene.IsImporting():
            self._make(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _removed(self, _scene: Any, _event: str, node: Any) -> None:
        if self._scene.IsClosing() or not self._is_data(node):
            return
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.RemoveItem(item, False, False)

    def _make(self, node: Any) -> None:
        if not self._is_data(node):
            return
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)
        if not hierarchy.GetItemByDataNode(node):
            kind = node.GetNodeTagName() + "s"
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node, _PLUGINS.get(node.GetClassName(), kind))

    @staticmethod
    def _is_data(node: Any) -> bool:
        data = node.IsA("vtkMRMLDisplayableNode") or node.IsA("vtkMRMLTableNode") or node.IsA("vtkMRMLTextNode")
        return bool(data) and not node.IsA("vtkMRMLCameraNode") and not node.GetHideFromEditors()


_PLUGINS = {
    "vtkMRMLScalarVolumeNode": "Volumes",
    "vtkMRMLSegmentationNode": "Segmentations",
    "vtkMRMLModelNode": "Models",
}
