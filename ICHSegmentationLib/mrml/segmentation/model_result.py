# SPDX-License-Identifier: Apache-2.0
"""The model's labels, stored with the segmentation node to detect and undo corrections.

They are a node attribute, which is saved with the scene and removed with the node. Cropped and compressed, a result
takes some ten kilobytes.
"""

from __future__ import annotations

import base64
import json
import zlib
from functools import lru_cache

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import LABELS, LabelBlock
from ICHSegmentationLib.mrml.segmentation.result_grid import result_grid

RESULT_ATTRIBUTE = "ICHSegmentation.ModelResult"


def encode_result(block: LabelBlock) -> str:
    """Return labels as text for a node attribute."""
    packed = base64.urlsafe_b64encode(zlib.compress(np.ascontiguousarray(block.labels).tobytes())).decode("ascii")
    record = {"schema": 1, "start": block.start, "shape": block.labels.shape, "zlib": packed}
    return json.dumps(record, separators=(",", ":"))


def model_result(segmentation_node: Node) -> LabelBlock:
    """Return the model's labels.

    Raises
    ------
    NodeRemovedError, InputError
        If the node was removed, is not a result of this project, or its record is damaged.
    """
    result_grid(segmentation_node)
    found = decode_result(segmentation_node.GetAttribute(RESULT_ATTRIBUTE) or "")
    if found is None:
        raise InputError(message("mrml.damaged_result", name=segmentation_node.GetName()))
    return found


def changed_by_hand(segmentation_node: Node, now: LabelBlock) -> frozenset[str]:
    """Return the IDs of segments whose labels differ from the model's."""
    current, original, _ = side_by_side(now, model_result(segmentation_node))
    different = current != original
    labels = {*np.unique(current[different]).tolist(), *np.unique(original[different]).tolist()}
    names = LABELS | now.values
    return frozenset(identifier for identifier, value in names.items() if value in labels)


def side_by_side(a: LabelBlock, b: LabelBlock) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Return two blocks as arrays over the smallest part of the volume with both, and its first voxel."""
    blocks = [block for block in (a, b) if block.labels.size]
    if not blocks:
        return a.labels.copy(), b.labels.copy(), (0, 0, 0)
    low = np.min([block.start for block in blocks], axis=0)
    high = np.max([np.add(block.start, block.labels.shape) for block in blocks], axis=0)
    return a.spread(low, high), b.spread(low, high), tuple(low.tolist())


@lru_cache(maxsize=8)
def decode_result(text: str) -> LabelBlock | None:
    """Return the labels of a text from `encode_result`; None if it is damaged."""
    try:
        record = json.loads(text)
        values = np.frombuffer(zlib.decompress(base64.urlsafe_b64decode(record["zlib"])), dtype=np.uint8)
        start = tuple(int(first) for first in record["start"])
        return LabelBlock(values.reshape(record["shape"]), (start[0], start[1], start[2]), LABELS, overlapping=False)
    except (ValueError, KeyError, TypeError, IndexError, zlib.error):
        return None
