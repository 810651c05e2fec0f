# SPDX-License-Identifier: Apache-2.0
"""Segments with the names, colors and codes of the terminology."""

from __future__ import annotations

import numpy as np
import slicer

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import LABELS, LabelBlock, representation_name, segment_ids


def make_segment(identifier: str, image: Node) -> Node:
    """Return a segment of a subtype (or of ``ICH``) on a shared layer."""
    table = load_terminology()
    row = table.by_id(identifier)
    segment = slicer.vtkSegment()
    segment.SetName(row.name)
    segment.SetColor(*(channel / 255 for channel in row.rgb))
    segment.SetLabelValue(row.label)
    segment.SetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), table.slicer_entry(row))
    segment.AddRepresentation(representation_name(), image)
    return segment


def add_missing_segment(segmentation_node: Node, identifier: str) -> None:
    """Add the segment of a subtype that the model does not distinguish or the user removed."""
    present = segment_ids(segmentation_node)
    if identifier in present:
        return
    segmentation = segmentation_node.GetSegmentation()
    image = segmentation.GetNthSegment(0).GetRepresentation(representation_name()) if present else None
    segment = make_segment(identifier, image if image is not None else slicer.vtkOrientedImageData())
    later = [other for other in present if other not in LABELS or LABELS[other] > LABELS[identifier]]
    segmentation.AddSegment(segment, identifier, later[0] if later else "")


def show_present_in_3d(segmentation_node: Node, block: LabelBlock) -> None:
    """Show segments with voxels in 3D views, and hide empty ones."""
    display = segmentation_node.GetDisplayNode()
    if display is None:
        return
    labels = set(np.unique(block.labels).tolist())
    for identifier in segment_ids(segmentation_node):
        if identifier in LABELS:
            display.SetSegmentVisibility3D(identifier, LABELS[identifier] in labels)


def subtype_names() -> dict[str, str]:
    """Return the names of the five subtypes by segment ID."""
    return {subtype.name: subtype_look(subtype.name)[0] for subtype in Subtype}


def subtype_look(identifier: str) -> tuple[str, tuple[float, float, float]]:
    """Return name and color, red, green and blue from 0 to 1, of a subtype."""
    row = load_terminology().by_id(identifier)
    red, green, blue = (channel / 255 for channel in row.rgb)
    return row.name, (red, green, blue)
