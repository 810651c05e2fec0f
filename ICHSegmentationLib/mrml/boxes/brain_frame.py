# SPDX-License-Identifier: Apache-2.0
"""Brain coordinates of a scan, stored with its result and saved with the scene."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from ICHSegmentationLib.anatomy.brain_frame import BrainFrame
from ICHSegmentationLib.mrml.nodes import Node, require_segmentation

FRAME_ATTRIBUTE = "ICHSegmentation.BrainFrame"
_logger = logging.getLogger(__name__)


def brain_frame(segmentation_node: Node) -> BrainFrame | None:
    """Return the brain coordinates of a result's scan; None without them or if the record is damaged.

    Raises
    ------
    NodeRemovedError
        If the node was removed.
    """
    text = require_segmentation(segmentation_node).GetAttribute(FRAME_ATTRIBUTE)
    try:
        return BrainFrame.from_numbers(json.loads(text)) if text else None
    except (ValueError, TypeError):
        _logger.warning("The brain coordinates of %s are damaged and are ignored.", segmentation_node.GetID())
        return None


def set_brain_frame(segmentation_node: Node, numbers: Sequence[float]) -> None:
    """Store the numbers of :meth:`ICHSegmentationLib.anatomy.brain_frame.BrainFrame.to_numbers`."""
    require_segmentation(segmentation_node).SetAttribute(FRAME_ATTRIBUTE, json.dumps(list(numbers)))
