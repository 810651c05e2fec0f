# SPDX-License-Identifier: Apache-2.0
"""Lesion boxes of a result, stored in a tag of one of its segments.

Slicer's undo restores segments with their tags, so that one step undoes labels and boxes together. The tag is saved
with the scene and in a ``.seg.nrrd``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import vtk

from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import LabelBlock, segment_ids
from ICHSegmentationLib.mrml.segmentation.model_result import decode_result, encode_result
from ICHSegmentationLib.segmentation.boxes.kept_boxes import BoxRecord, KeptBox

BOXES_TAG = "ICHSegmentation.Boxes"
MODELS_ATTRIBUTE = "ICHSegmentation.BoxModels"
"""Attribute with the names of the models that segmented boxes of a result, separated by blanks."""
_logger = logging.getLogger(__name__)


def keep_boxes(segmentation_node: Node, boxes: Sequence[LesionBox], labels: np.ndarray) -> None:
    """Store the boxes of a model's result with its labels (slices, rows, columns)."""
    kept = tuple(KeptBox(key=str(number), box=box) for number, box in enumerate(boxes, start=1))
    write_record(segmentation_node, BoxRecord(boxes=kept, next_key=len(kept) + 1, made=encode_voxels(labels > 0)))


def encode_voxels(mask: np.ndarray) -> str:
    """Return a mask (slices, rows, columns) as text for `made_voxels`."""
    return encode_result(LabelBlock.of(mask.astype(np.uint8), {}))


def made_voxels(record: BoxRecord, shape: tuple[int, int, int]) -> np.ndarray:
    """Return (slices, rows, columns) uint8, 1 where a voxel was ever segmented inside a box."""
    block = decode_result(record.made) if record.made else None
    return np.zeros(shape, dtype=np.uint8) if block is None else block.spread((0, 0, 0), shape)


def read_record(segmentation_node: Node) -> BoxRecord:
    """Return the stored boxes; none if the record is damaged or missing."""
    for segment in _segments(segmentation_node):
        text = _tag_of(segment)
        if text:
            try:
                return BoxRecord.model_validate_json(text)
            except ValueError:
                _logger.warning("The boxes of %s are damaged and are created again.", segmentation_node.GetID())
    return BoxRecord()


def write_record(segmentation_node: Node, record: BoxRecord) -> None:
    """Store boxes in place of the earlier ones; does nothing without segments."""
    segments = _segments(segmentation_node)
    holder = next((segment for segment in segments if _tag_of(segment)), segments[0] if segments else None)
    if holder is not None:
        holder.SetTag(BOXES_TAG, record.model_dump_json(by_alias=True))


def note_box_model(segmentation_node: Node, name: str) -> None:
    """Record that a model has segmented a box of a result."""
    names = dict.fromkeys([*(segmentation_node.GetAttribute(MODELS_ATTRIBUTE) or "").split(), name])
    segmentation_node.SetAttribute(MODELS_ATTRIBUTE, " ".join(names))


def box_models(segmentation_node: Node) -> tuple[str, ...]:
    """Return the models that segmented boxes which the user drew or changed."""
    return tuple((segmentation_node.GetAttribute(MODELS_ATTRIBUTE) or "").split())


def _segments(segmentation_node: Node) -> list[Node]:
    segmentation = segmentation_node.GetSegmentation()
    return [segmentation.GetSegment(identifier) for identifier in segment_ids(segmentation_node)]


def _tag_of(segment: Node) -> str:
    text = vtk.reference("")
    return str(text) if segment.GetTag(BOXES_TAG, text) else ""
