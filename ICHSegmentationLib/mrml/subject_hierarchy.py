# SPDX-License-Identifier: Apache-2.0
"""Patient, study and series in Slicer's subject hierarchy."""

from __future__ import annotations

import slicer

from ICHSegmentationLib.mrml.nodes import Node


def modality_of(node: Node) -> str:
    """Return the DICOM modality of a node's series; empty if unknown."""
    hierarchy, item = _item(node)
    if not item:
        return ""
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    return hierarchy.GetItemAttribute(item, name) or ""


def place_in_study_of(node: Node, volume_node: Node) -> None:
    """Move a node into the study of a volume; without a study, beside the volume."""
    hierarchy, volume_item = _item(volume_node)
    if hierarchy is None:
        return
    parent = 0
    if volume_item:
        study = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelStudy()
        parent = hierarchy.GetItemAncestorAtLevel(volume_item, study) or hierarchy.GetItemParent(volume_item)
    parent = parent or hierarchy.GetSceneItemID()
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        # Slicer's user interface creates the items of new nodes; a script runs without it.
        hierarchy.CreateItem(parent, node)


def remove_item(node: Node) -> None:
    """Remove a node's item; the node itself stays."""
    hierarchy, item = _item(node)
    if item:
        hierarchy.RemoveItem(item, False, False)


def _item(node: Node) -> tuple[Node, int]:
    scene = node.GetScene()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene) if scene is not None else None
    return hierarchy, 0 if hierarchy is None else hierarchy.GetItemByDataNode(node)
