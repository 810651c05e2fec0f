# SPDX-License-Identifier: Apache-2.0
"""The model's own labels, kept with the segmentation node so that corrections can be told and taken back.

They are a node attribute: it is saved with the scene, removed with the node, and seen by no editor. Cropped and
compressed, a result takes some ten kilobytes.
"""

from __future__ import annotations

import base64
import json
import zlib
from functools import lru_cache

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.mrml.nodes import Node
from ICHSegmentationLib.mrml.segmentation.layers import LABELS, LabelBlock
from ICHSegmentationLib.mrml.segmentation.result_grid import result_grid

RESULT_ATTRIBUTE = "ICHSegmentation.ModelResult"


def encode_result(block: LabelBlock) -> str:
    """Return labels as text."""
    packed = base64.urlsafe_b64encode(zlib.compress(np.ascontiguousarray(block.labels).tobytes())).decode("ascii")
    record = {"schema": 1, "start": block.start, "shape": block.labels.shape, "zlib": packed}
    return json.dumps(record, separators=(",", ":"))


def model_result(segmentation_node: Node) -> LabelBlock:
    """Return the labels as the model made them.

    Raises
    ------
    NodeRemovedError, InputError
        If the node is gone, is no result of this project, or its record is damaged.
    """
    result_grid(segmentation_node)
    found = decode_result(segmentation_node.GetAttribute(RESULT_ATTRIBUTE) or "")
    if found is None:
        message = f"The model's result kept with {segmentation_node.GetName()} is damaged; segment the volume again."
        raise InputError(message)
    return found


def changed_by_hand(segmentation_node: Node, now: LabelBlock) -> frozenset[str]:
    """Return the IDs of segments whose labels differ from the model's."""
    current, original, _ = side_by_side(now, model_result(segmentation_node))
    different = current != original
    labels = {*np.unique(current[different]).tolist(), *np.unique(original[different]).tolist()}
    names = LABELS | now.values
    return frozenset(identifier for identifier, value in names.items() if value in labels)


def side_by_side(a: LabelBlock, b: LabelBlock) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Return new arrays of two blocks over the smallest part of the volume that holds both, and where it begins."""
    blocks = [block for block in (a, b) if block.labels.size]
    if not blocks:
        return a.labels.copy(), b.labels.copy(), (0, 0, 0)
    low = np.min([block.start for block in blocks], axis=0)
    high = np.max([np.add(block.start, block.labels.shape) for block in blocks], axis=0)
    return a.spread(low, high), b.spread(low, high), tuple(low.tolist())


@lru_cache(maxsize=8)
def decode_result(text: str) -> LabelBlock | None:
    """Return the labels of a text that `encode_result` made; None if it is damaged."""
    try:
        record = json.loads(text)
        values = np.frombuffer(zlib.decompress(base64.urlsafe_b64decode(record["zlib"])), dtype=np.uint8)
        start = tuple(int(first) for first in record["start"])
        return LabelBlock(values.reshape(record["shape"]), (start[0], start[1], start[2]), LABELS, overlapping=False)
    except (ValueError, KeyError, TypeError, IndexError, zlib.error):
        return None
