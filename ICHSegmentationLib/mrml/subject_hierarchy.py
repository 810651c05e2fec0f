# SPDX-License-Identifier: Apache-2.0
"""Patient, study and series, as Slicer's subject hierarchy holds them."""

from __future__ import annotations

import slicer

from ICHSegmentationLib.mrml.nodes import Node


def modality_of(node: Node) -> str:
    """Return the DICOM modality of the series that a node was loaded from; empty where it is not known."""
    hierarchy, item = _item(node)
    if not item:
        return ""
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    return hierarchy.GetItemAttribute(item, name) or ""


def place_in_study_of(node: Node, volume_node: Node) -> None:
    """Put a node into the study of a volume, or beside the volume where it belongs to no study."""
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
        # Items of new nodes are made by plugins of Slicer's user interface, which a script without one does not have.
        hierarchy.CreateItem(parent, node)


def remove_item(node: Node) -> None:
    """Take a node out of the hierarchy; the node itself stays."""
    hierarchy, item = _item(node)
    if item:
        hierarchy.RemoveItem(item, False, False)


def _item(node: Node) -> tuple[Node, int]:
    scene = node.GetScene()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene) if scene is not None else None
    return hierarchy, 0 if hierarchy is None else hierarchy.GetItemByDataNode(node)
