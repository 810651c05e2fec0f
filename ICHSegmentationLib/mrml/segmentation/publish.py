# SPDX-License-Identifier: Apache-2.0
"""Add a result to the scene; if that fails, the scene stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import slicer

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.seg_nrrd import GRID_KEY
from ICHSegmentationLib.mrml.nodes import DETACHED_ROLE, SPACE_ROLE, Node, require_segmentation, require_volume
from ICHSegmentationLib.mrml.segmentation.layers import LABELS, LabelBlock, representation_name, shared_image
from ICHSegmentationLib.mrml.segmentation.model_result import RESULT_ATTRIBUTE, encode_result
from ICHSegmentationLib.mrml.segmentation.result_grid import GRID_ATTRIBUTE, grid_json, is_result, parse_grid
from ICHSegmentationLib.mrml.segmentation.segments import make_segment, show_present_in_3d
from ICHSegmentationLib.mrml.subject_hierarchy import place_in_study_of, remove_item
from ICHSegmentationLib.segmentation.run_outcome import RunOutcome

_OWN_ATTRIBUTES = "ICHSegmentation."
INFO_PREFIX = f"{_OWN_ATTRIBUTES}Info."
_AXIAL_STACK = (2, 1, 0)


def publish(
    volume_node: Node,
    volume: CTVolume,
    label_map: LabelMap,
    *,
    name: str,
    info: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    output: Node = None,
) -> Node:
    """Create a segmentation node from a result, or fill an empty one.

    The node has one segment per class, in the order of the terminology, on one shared layer, and the reference
    geometry, transform and study of the volume. It stores the true slices and the model's labels.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        The segmented volume.
    volume : CTVolume
        The same volume from :func:`ICHSegmentationLib.mrml.volume_input`.
    label_map : LabelMap
        Labels of the result.
    name : str
        Name of the new node; a number is added if it is taken.
    info : mapping of str to str, optional
        Details of the run to store: model, version, checksum and so on.
    classes : sequence of str, optional
        Segment IDs that the model distinguishes, by default the five subtypes; others get a segment if they occur.
    output : vtkMRMLSegmentationNode, optional
        Node without segments to fill; it keeps its name.

    Returns
    -------
    vtkMRMLSegmentationNode

    Raises
    ------
    NodeRemovedError
        If the volume or the output is no longer in the scene.
    ValueError
        If the result does not fit the volume, or the output holds segments.
    """
    require_volume(volume_node)
    if label_map.labels.shape != volume.grid.shape:
        raise ValueError(message("mrml.other_shape", labels=label_map.labels.shape, volume=volume.grid.shape))
    if output is not None:
        require_empty(output)
    scene = volume_node.GetScene()
    block = LabelBlock.of(label_map.labels, {})
    node = output or slicer.vtkMRMLSegmentationNode()
    kept = {GRID_ATTRIBUTE: grid_json(volume_node, volume), RESULT_ATTRIBUTE: encode_result(block)}
    if output is None:
        node.SetName(scene.GenerateUniqueName(name))
    else:
        forget_result(output)
    for key, value in kept.items():
        node.SetAttribute(key, value)
    for key, value in (info or {}).items():
        node.SetAttribute(f"{INFO_PREFIX}{key}", str(value))
    try:
        _fill(node, block, _classes(block, classes))
        if output is None:
            scene.AddNode(node)
        node.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
        node.SetNodeReferenceID(DETACHED_ROLE, volume_node.GetNodeReferenceID(DETACHED_ROLE))
        node.SetNodeReferenceID(SPACE_ROLE, node.GetTransformNodeID() or node.GetNodeReferenceID(DETACHED_ROLE))
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume_node)
        node.CreateDefaultDisplayNodes()
        _show(node, block)
        place_in_study_of(node, volume_node)
    except BaseException:
        if output is None:
            remove_result(node)
        else:
            forget_result(output)
        raise
    return node


def require_empty(segmentation_node: Node) -> None:
    """Raise ValueError if a segmentation holds segments, which a result would replace."""
    if require_segmentation(segmentation_node).GetSegmentation().GetNumberOfSegments():
        raise ValueError(message("mrml.output_not_empty", name=segmentation_node.GetName()))


def forget_result(segmentation_node: Node) -> None:
    """Remove the segments of a segmentation and what this project stored with it."""
    segmentation_node.GetSegmentation().RemoveAllSegments()
    for name in list(segmentation_node.GetAttributeNames()):
        if name.startswith(_OWN_ATTRIBUTES):
            segmentation_node.RemoveAttribute(name)


def result_info(segmentation_node: Node) -> dict[str, str]:
    """Return the details of the run that were stored with a result."""
    if not is_result(segmentation_node):
        return {}
    names = [name for name in segmentation_node.GetAttributeNames() if name.startswith(INFO_PREFIX)]
    return {name.removeprefix(INFO_PREFIX): segmentation_node.GetAttribute(name) for name in names}


def run_outcome(segmentation_node: Node) -> RunOutcome:
    """Return what the run said besides its labels; nothing if that is not stored or damaged."""
    try:
        return RunOutcome.model_validate_json(result_info(segmentation_node).get("outcome", ""))
    except ValueError:
        return RunOutcome()


def _classes(block: LabelBlock, classes: Sequence[str] | None) -> list[str]:
    expected = [subtype.name for subtype in Subtype] if classes is None else classes
    present = set(np.unique(block.labels).tolist())
    return [identifier for identifier, label in LABELS.items() if identifier in expected or label in present]


def _fill(node: Node, block: LabelBlock, identifiers: list[str]) -> None:
    where = parse_grid(node)
    node.SetAndObserveSegmentation(slicer.vtkSegmentation())
    segmentation = node.GetSegmentation()
    segmentation.SetSourceRepresentationName(representation_name())
    image = shared_image(block, where)
    for identifier in identifiers:
        segmentation.AddSegment(make_segment(identifier, image), identifier)
    if identifiers and where.source.storage_axes == _AXIAL_STACK:
        # Slicer saves the tag in the .seg.nrrd, which is then measured on its true slices too.
        segmentation.GetNthSegment(0).SetTag(GRID_KEY, node.GetAttribute(GRID_ATTRIBUTE))


def _show(node: Node, block: LabelBlock) -> None:
    display = node.GetDisplayNode()
    display.SetVisibility3D(False)
    display.SetPreferredDisplayRepresentationName2D(representation_name())
    show_present_in_3d(node, block)


def remove_result(node: Node) -> None:
    """Remove a result from its scene, with its display and storage nodes; does nothing outside a scene."""
    scene = node.GetScene()
    if scene is None:
        return
    remove_item(node)
    for owned in (node.GetDisplayNode(), node.GetStorageNode(), node):
        if owned is not None:
            scene.RemoveNode(owned)
