# SPDX-License-Identifier: Apache-2.0
"""Position and window of the slice views."""

from __future__ import annotations

from ICHSegmentationLib.core.windows import WINDOWS
from ICHSegmentationLib.mrml.nodes import Node, require, require_volume

Point = tuple[float, float, float]


def set_window(volume_node: Node, name: str) -> None:
    """Show a volume with one of the :data:`ICHSegmentationLib.core.windows.WINDOWS`.

    Raises
    ------
    NodeRemovedError
        If the volume is no longer in the scene.
    KeyError
        If there is no window with that name.
    """
    require_volume(volume_node)
    level, width = WINDOWS[name]
    if volume_node.GetDisplayNode() is None:
        volume_node.CreateDefaultDisplayNodes()
    display = volume_node.GetDisplayNode()
    modifying = display.StartModify()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(width, level)
    display.EndModify(modifying)


def jump_to(node: Node, ras_mm: Point) -> None:
    """Move all slice views of a node's scene to a point in world RAS, without panning.

    Raises
    ------
    NodeRemovedError
        If the node is no longer in the scene.
    """
    scene = require(node, "node").GetScene()
    slices = scene.GetNodesByClass("vtkMRMLSliceNode")
    slices.UnRegister(None)
    for index in range(slices.GetNumberOfItems()):
        slices.GetItemAsObject(index).JumpSliceByOffsetting(*ras_mm)


def crosshair_ras(node: Node) -> Point | None:
    """Return the crosshair position of a node's scene, world RAS; None without a crosshair.

    Raises
    ------
    NodeRemovedError
        If the node is no longer in the scene.
    """
    crosshair = require(node, "node").GetScene().GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is None:
        return None
    x, y, z = crosshair.GetCrosshairRAS()
    return float(x), float(y), float(z)


def looked_at(node: Node) -> Point:
    """Return the crosshair position, world RAS, if it is shown, else the center of a slice view, the axial one first.

    Raises
    ------
    NodeRemovedError
        If the node is no longer in the scene.
    """
    scene = require(node, "node").GetScene()
    crosshair = scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    if crosshair is not None and crosshair.GetCrosshairMode() != crosshair.NoCrosshair:
        x, y, z = crosshair.GetCrosshairRAS()
        return float(x), float(y), float(z)
    slices = scene.GetNodesByClass("vtkMRMLSliceNode")
    slices.UnRegister(None)
    nodes = [slices.GetItemAsObject(index) for index in range(slices.GetNumberOfItems())]
    view = next((each for each in nodes if each.GetLayoutName() == "Red"), nodes[0] if nodes else None)
    if view is None:
        return 0.0, 0.0, 0.0
    columns, rows, _ = view.GetDimensions()
    x, y, z, _ = view.GetXYToRAS().MultiplyPoint((columns / 2, rows / 2, 0.0, 1.0))
    return float(x), float(y), float(z)
