# SPDX-License-Identifier: Apache-2.0
"""Translucent volume rendering of the skull."""

from __future__ import annotations

import slicer
import vtk

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.mrml.nodes import Node, ijk_to_ras, require_volume
from ICHSegmentationLib.mrml.subject_hierarchy import remove_item

SKULL_ROLE = "ICHSegmentation.SkullOf"
_OPACITY_HU = ((-3024.0, 0.0), (200.0, 0.0), (500.0, 0.6), (1000.0, 1.0), (3071.0, 1.0))
"""HU and fraction of the opacity; Slicer's preset starts below 0 HU and would hide the brain."""
_BONE_MM = 8.0
"""Thickness of bone that has the chosen opacity, about that of a skull."""
_COLOR_HU = (
    (-3024.0, 0.0, 0.0, 0.0),
    (150.0, 0.55, 0.35, 0.25),
    (500.0, 0.88, 0.80, 0.66),
    (1500.0, 1.0, 0.99, 0.95),
    (3071.0, 1.0, 1.0, 1.0),
)


def show_skull(volume_node: Node, on: bool, *, opacity: float = 0.3) -> None:
    """Show or hide a volume rendering of the bone.

    Slicer cannot render volumes under non-linear transforms: a hidden copy with the transform hardened is rendered
    instead. It is not saved with the scene and is removed with the rendering.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        A head CT.
    on : bool
        Whether to show it.
    opacity : float
        Opacity of dense bone, 0 to 1.

    Raises
    ------
    NodeRemovedError
        If the volume is no longer in the scene.
    ICHSegmentationError
        If this Slicer has no volume rendering.
    """
    require_volume(volume_node)
    if not on or not skull_is_shown(volume_node):
        _remove(volume_node)  # also leftovers of a reopened scene or another transform
    if not on:
        return
    logic = _logic()
    try:
        shown = _rendered_node(volume_node) or _make_rendered_node(volume_node)
        display = logic.GetFirstVolumeRenderingDisplayNode(shown)
        if display is None:
            display = logic.CreateDefaultVolumeRenderingNodes(shown)
        display.SetNodeReferenceID(SKULL_ROLE, volume_node.GetID())
        property_node = display.GetVolumePropertyNode()
        preset = logic.GetPresetByName("CT-Bone")
        if preset is not None:
            property_node.Copy(preset)
        _make_translucent(property_node.GetVolumeProperty(), opacity, with_colors=preset is None)
        if shown is not volume_node:
            # The copy is not saved, so they would have nothing to render in a reopened scene.
            for owned in (display, property_node, display.GetROINode()):
                if owned is not None:
                    owned.SetSaveWithScene(False)
        display.SetVisibility(True)
    except BaseException:
        _remove(volume_node)
        raise


def skull_is_shown(volume_node: Node) -> bool:
    """Whether the bone of a volume is rendered at its current place.

    It is not after a scene with a hardened copy was reopened, or after the non-linear transform was changed.
    """
    require_volume(volume_node)
    rendered = _rendered_node(volume_node)
    shown = [display for display in _displays(volume_node) if display.GetVisibility()]
    return rendered is not None and any(display.GetVolumeNode() is rendered for display in shown)


def _logic() -> Node:
    module = getattr(slicer.modules, "volumerendering", None)
    if module is None:
        raise ICHSegmentationError(message("mrml.no_volume_rendering"))
    return module.logic()


def _nodes(volume_node: Node, class_name: str) -> list[Node]:
    """Return the nodes of a class that were created to show a volume's skull."""
    nodes = volume_node.GetScene().GetNodesByClass(class_name)
    nodes.UnRegister(None)
    found = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return [node for node in found if node.GetNodeReferenceID(SKULL_ROLE) == volume_node.GetID()]


def _displays(volume_node: Node) -> list[Node]:
    return _nodes(volume_node, "vtkMRMLVolumeRenderingDisplayNode")


def _rendered_node(volume_node: Node) -> Node:
    """Return the rendered node, the volume or its copy; None if a copy is needed and missing."""
    parent = volume_node.GetParentTransformNode()
    if parent is None or parent.IsTransformToWorldLinear():
        return volume_node
    return next(iter(_nodes(volume_node, "vtkMRMLScalarVolumeNode")), None)


def _make_rendered_node(volume_node: Node) -> Node:
    copy = slicer.vtkMRMLScalarVolumeNode()
    copy.SetName(f"{volume_node.GetName()} skull")
    copy.SetHideFromEditors(True)
    copy.SetSaveWithScene(False)
    copy.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijk_to_ras(volume_node)))
    copy.SetAndObserveImageData(volume_node.GetImageData())  # shared; hardening replaces it by a new image
    copy.SetNodeReferenceID(SKULL_ROLE, volume_node.GetID())
    volume_node.GetScene().AddNode(copy)
    copy.SetAndObserveTransformNodeID(volume_node.GetTransformNodeID())
    copy.HardenTransform()
    return copy


def _make_translucent(volume_property: Node, opacity: float, *, with_colors: bool) -> None:
    points = vtk.vtkPiecewiseFunction()
    for hu, fraction in _OPACITY_HU:
        points.AddPoint(hu, fraction * opacity)
    volume_property.GetScalarOpacity().DeepCopy(points)
    volume_property.SetScalarOpacityUnitDistance(_BONE_MM)
    if not with_colors:
        return
    colors = vtk.vtkColorTransferFunction()
    for point in _COLOR_HU:
        colors.AddRGBPoint(*point)
    volume_property.GetRGBTransferFunction().DeepCopy(colors)
    volume_property.SetAmbient(0.3)
    volume_property.SetInterpolationTypeToLinear()
    volume_property.ShadeOn()


def _remove(volume_node: Node) -> None:
    scene = volume_node.GetScene()
    copies = _nodes(volume_node, "vtkMRMLScalarVolumeNode")
    owned: list[Node] = []
    for display in _displays(volume_node):
        owned += [display.GetVolumePropertyNode(), display.GetROINode(), display]
    for node in copies:
        remove_item(node)
        owned += [node.GetDisplayNode(), node.GetStorageNode(), node]
    for node in owned:
        if node is not None and node.GetScene() is not None:
            scene.RemoveNode(node)
