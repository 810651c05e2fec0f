# SPDX-License-Identifier: Apache-2.0
"""Checks and geometry of MRML nodes, used by all subpackages."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from ICHSegmentationLib.core.errors import NodeRemovedError
from ICHSegmentationLib.core.messages import message

Node = Any
"""MRML node, or None where it may be missing; Slicer's wrapped classes have no type hints."""

SPACE_ROLE = "ICHSegmentation.Space"
"""Reference role: from a result to its transform when it was published."""
DETACHED_ROLE = "ICHSegmentation.TransformSetAside"
"""Reference role: from a volume or result to the transform that was detached for editing."""


def require(node: Node, what: str) -> Node:
    """Return the node if it is in a scene.

    Raises
    ------
    NodeRemovedError
        If it was removed, or the scene was closed.
    """
    if node is None or node.GetScene() is None:
        raise NodeRemovedError(message("mrml.node_removed", what=what))
    return node


def require_volume(node: Node) -> Node:
    """Return a volume node that is in a scene; see :func:`require`."""
    return require(node, "volume")


def require_segmentation(node: Node) -> Node:
    """Return a segmentation node that is in a scene; see :func:`require`."""
    return require(node, "segmentation")


def ijk_to_ras(volume_node: Node) -> np.ndarray:
    """Return the (4, 4) matrix of a volume node, without its parent transforms."""
    matrix = vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def apply(matrix: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Return a (3,) point transformed by a (4, 4) matrix."""
    return matrix[:3, :3] @ point + matrix[:3, 3]


def to_world(node: Node, point: np.ndarray) -> np.ndarray:
    """Return a (3,) point in a node's local space as world RAS."""
    moved = [0.0, 0.0, 0.0]
    node.TransformPointToWorld([float(value) for value in point], moved)
    return np.array(moved)


def from_world(node: Node, point: np.ndarray | tuple[float, float, float]) -> np.ndarray:
    """Return a (3,) point of world RAS in a node's local space."""
    moved = [0.0, 0.0, 0.0]
    node.TransformPointFromWorld([float(value) for value in point], moved)
    return np.array(moved)
