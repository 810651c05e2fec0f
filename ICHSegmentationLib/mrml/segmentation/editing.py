# SPDX-License-Identifier: Apache-2.0
"""Editing under Slicer's acquisition transform.

Slicer's Segment Editor does not paint under a non-linear transform: paint, erase, draw and scissors take the transform
for the identity, so that strokes land beside the cursor, and Slicer only writes an error to its log. Effects that work
on whole voxels (threshold, islands, smoothing, logical operators) and this library's own corrections are right there.
To paint, the transform is set aside from the volume and its result together: the slices then show as an even, straight
stack, strokes hit, and the volumes in mL stay what they are, because they follow the kept slice positions.
"""

from __future__ import annotations

from ICHSegmentationLib.mrml.nodes import ASIDE_ROLE, Node, require_segmentation
from ICHSegmentationLib.mrml.segmentation.layers import source_volume
from ICHSegmentationLib.mrml.segmentation.result_grid import is_result


def edits_are_displaced(segmentation_node: Node) -> bool:
    """Whether strokes of the Segment Editor would land beside the cursor."""
    require_segmentation(segmentation_node)
    parent = segmentation_node.GetParentTransformNode()
    return parent is not None and not parent.IsTransformToWorldLinear()


def acquisition_transform_is_detached(segmentation_node: Node) -> bool:
    """Whether :func:`detach_acquisition_transform` was called and not yet taken back."""
    require_segmentation(segmentation_node)
    return segmentation_node.GetNodeReference(ASIDE_ROLE) is not None


def detach_acquisition_transform(segmentation_node: Node) -> None:
    """Take a result, its volume and the volume's other results out of their transform, to paint on an even stack.

    Which transform it was is kept with the nodes, also in a saved scene. Does nothing without a transform.
    """
    require_segmentation(segmentation_node)
    transform_id = segmentation_node.GetTransformNodeID()
    if not transform_id:
        return
    for node in _together(segmentation_node):
        if node.GetTransformNodeID() == transform_id:
            node.SetNodeReferenceID(ASIDE_ROLE, transform_id)
            node.SetAndObserveTransformNodeID(None)


def reattach_acquisition_transform(segmentation_node: Node) -> None:
    """Undo :func:`detach_acquisition_transform`; does nothing where no transform is aside."""
    require_segmentation(segmentation_node)
    for node in _together(segmentation_node):
        transform_node = node.GetNodeReference(ASIDE_ROLE)
        if transform_node is not None:
            node.SetAndObserveTransformNodeID(transform_node.GetID())
            node.SetNodeReferenceID(ASIDE_ROLE, None)


def _together(segmentation_node: Node) -> list[Node]:
    volume_node = source_volume(segmentation_node)
    if volume_node is None:
        return [segmentation_node]
    nodes = segmentation_node.GetScene().GetNodesByClass("vtkMRMLSegmentationNode")
    nodes.UnRegister(None)
    found = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return [volume_node, *(node for node in found if is_result(node) and source_volume(node) is volume_node)]
