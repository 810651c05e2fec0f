# SPDX-License-Identifier: Apache-2.0
"""Visibility of results in the views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer

from ICHSegmentationLib import mrml

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode


def show_results(segmentation: vtkMRMLSegmentationNode | None, compared: vtkMRMLSegmentationNode | None) -> None:
    """Show one result filled and another as outlines, and hide all others; does nothing without a result."""
    if segmentation is None:
        return
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        display = node.GetDisplayNode()
        if display is None or not mrml.is_result(node):
            continue
        display.SetVisibility(node in (segmentation, compared))
        display.SetVisibility2DFill(node is not compared)
        if node is compared:
            display.SetVisibility3D(False)
