# SPDX-License-Identifier: Apache-2.0
"""Surfaces of a result in the 3D views."""

from __future__ import annotations

import slicer

from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import read_labels
from ICHSegmentationLib.mrml.segmentation.segments import show_present_in_3d


def show_3d(segmentation_node: Node, on: bool) -> None:
    """Show or hide the surfaces of segments that have voxels.

    Surfaces are updated after edits. Joint smoothing is off: with it, surfaces have no polygons in Slicer 5.12.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """
    block = read_labels(segmentation_node)
    display = segmentation_node.GetDisplayNode()
    if display is None:
        segmentation_node.CreateDefaultDisplayNodes()
        display = segmentation_node.GetDisplayNode()
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    segmentation = segmentation_node.GetSegmentation()
    modifying = display.StartModify()
    try:
        if on and not segmentation.ContainsRepresentation(surface):
            rule = slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule
            segmentation.SetConversionParameter(rule.GetJointSmoothingParameterName(), "0")
            segmentation.CreateRepresentation(surface, False)
        display.SetPreferredDisplayRepresentationName3D(surface)
        show_present_in_3d(segmentation_node, block)
        display.SetVisibility3D(on)
    finally:
        display.EndModify(modifying)


def set_opacity(segmentation_node: Node, *, opacity_3d: float | None = None, opacity_2d: float | None = None) -> None:
    """Set the opacity, 0 to 1, of the surfaces and of the fill on the slices (not of the outlines).

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed or is not a result of this project.
    """
    read_labels(segmentation_node)
    display = segmentation_node.GetDisplayNode()
    if display is None:
        return
    if opacity_3d is not None:
        display.SetOpacity3D(opacity_3d)
    if opacity_2d is not None:
        display.SetOpacity2DFill(opacity_2d)
