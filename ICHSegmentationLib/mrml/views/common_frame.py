# SPDX-License-Identifier: Apache-2.0
"""An earlier scan in the frame of a later one, by a transform in the scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import slicer

from ICHSegmentationLib.core.scan.grid import LPS_TO_RAS
from ICHSegmentationLib.mrml.nodes import Node, require_segmentation
from ICHSegmentationLib.mrml.segmentation.editing import together
from ICHSegmentationLib.mrml.segmentation.layers import source_volume

REGISTRATION_ATTRIBUTE = "ICHSegmentation.Registration"


def share_frame(baseline: Node, followup: Node, matrix_lps: Sequence[Sequence[float]]) -> bool:
    """Put an earlier result, its volume and the volume's other results into the frame of a later one.

    A linear transform node is added above them, above their acquisition transform if they have one.

    Parameters
    ----------
    baseline, followup : vtkMRMLSegmentationNode
        Earlier and later result.
    matrix_lps : sequence of sequence of float
        (4, 4) from LPS mm of the earlier scan to LPS mm of the later one.

    Returns
    -------
    bool
        False if one of the scans is under a linear transform already, so that its frame is not that of the matrix, or
        its volume is no longer in the scene.

    Raises
    ------
    NodeRemovedError
        If a node was removed.
    """
    separate_frames(baseline)
    scans = [source_volume(require_segmentation(node)) for node in (baseline, followup)]
    if None in scans or any(_top(scan).IsLinear() for scan in scans if _top(scan) is not None):
        return False
    flip = np.diag([*LPS_TO_RAS, 1.0])
    scene = baseline.GetScene()
    transform = slicer.vtkMRMLLinearTransformNode()
    transform.SetName(scene.GenerateUniqueName(f"{scans[0].GetName()} registration"))
    transform.SetAttribute(REGISTRATION_ATTRIBUTE, "true")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(flip @ np.array(matrix_lps) @ flip))
    scene.AddNode(transform)
    for node in _highest(baseline):
        node.SetAndObserveTransformNodeID(transform.GetID())
    return True


def separate_frames(baseline: Node) -> None:
    """Undo `share_frame`; does nothing if the frame is not shared."""
    for node in _highest(require_segmentation(baseline)):
        transform = node.GetParentTransformNode()
        if _is_registration(transform):
            node.SetAndObserveTransformNodeID(None)
            if not _is_used(transform):
                transform.GetScene().RemoveNode(transform)


def _highest(baseline: Node) -> list[Node]:
    """Return the nodes of a scan, or in place of those under another transform that transform, each once."""
    found = {}
    for node in together(baseline):
        parent = node.GetParentTransformNode()
        top = node if parent is None or _is_registration(parent) else parent
        found[top.GetID()] = top
    return list(found.values())


def _top(volume: Node) -> Node:
    """Return the transform that is highest above a volume; None without one."""
    transform = volume.GetParentTransformNode()
    while transform is not None and transform.GetParentTransformNode() is not None:
        transform = transform.GetParentTransformNode()
    return transform


def _is_registration(transform: Node) -> bool:
    return transform is not None and transform.GetAttribute(REGISTRATION_ATTRIBUTE) is not None


def _is_used(transform: Node) -> bool:
    nodes = transform.GetScene().GetNodesByClass("vtkMRMLTransformableNode")
    nodes.UnRegister(None)
    return any(
        nodes.GetItemAsObject(index).GetTransformNodeID() == transform.GetID()
        for index in range(nodes.GetNumberOfItems())
    )
