# SPDX-License-Identifier: Apache-2.0
"""Editing of results under Slicer's acquisition transform.

The paint, erase, draw and scissors effects of Slicer's Segment Editor ignore non-linear transforms: strokes appear
beside the cursor, and Slicer only logs an error. Effects on whole voxels (threshold, islands, smoothing, logical
operators) and the corrections of this library are not affected. For painting, the transform is detached from the
volume and its results: the slices are then shown as a straight, evenly spaced stack. Volumes in mL do not change, as
they are measured with the stored slice positions.
"""

from __future__ import annotations

from ICHSegmentationLib.mrml.nodes import DETACHED_ROLE, Node, require_segmentation
from ICHSegmentationLib.mrml.segmentation.layers import source_volume
from ICHSegmentationLib.mrml.segmentation.result_grid import is_result


def edits_are_displaced(segmentation_node: Node) -> bool:
    """Whether strokes of the Segment Editor would appear beside the cursor."""
    require_segmentation(segmentation_node)
    parent = segmentation_node.GetParentTransformNode()
    return parent is not None and not parent.IsTransformToWorldLinear()


def acquisition_transform_is_detached(segmentation_node: Node) -> bool:
    """Whether the acquisition transform is detached."""
    require_segmentation(segmentation_node)
    return segmentation_node.GetNodeReference(DETACHED_ROLE) is not None


def detach_acquisition_transform(segmentation_node: Node) -> None:
    """Detach a result, its volume and the volume's other results from their transform, for painting.

    The nodes keep a reference to the transform, also in a saved scene. Does nothing without a transform.
    """
    require_segmentation(segmentation_node)
    transform_id = segmentation_node.GetTransformNodeID()
    if not transform_id:
        return
    for node in together(segmentation_node):
        if node.GetTransformNodeID() == transform_id:
            node.SetNodeReferenceID(DETACHED_ROLE, transform_id)
            node.SetAndObserveTransformNodeID(None)


def reattach_acquisition_transform(segmentation_node: Node) -> None:
    """Undo :func:`detach_acquisition_transform`; does nothing if no transform is detached."""
    require_segmentation(segmentation_node)
    for node in together(segmentation_node):
        transform_node = node.GetNodeReference(DETACHED_ROLE)
        if transform_node is not None:
            node.SetAndObserveTransformNodeID(transform_node.GetID())
            node.SetNodeReferenceID(DETACHED_ROLE, None)


def together(segmentation_node: Node) -> list[Node]:
    """Return the volume of a result and all results of that volume."""
    volume_node = source_volume(segmentation_node)
    if volume_node is None:
        return [segmentation_node]
    nodes = segmentation_node.GetScene().GetNodesByClass("vtkMRMLSegmentationNode")
    nodes.UnRegister(None)
    found = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return [volume_node, *(node for node in found if is_result(node) and source_volume(node) is volume_node)]
