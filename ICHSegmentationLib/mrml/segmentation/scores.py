# SPDX-License-Identifier: Apache-2.0
"""What is proposed for the scores and what the reader said, kept with a result so that it survives saving the scene."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ICHSegmentationLib.mrml.nodes import Node, require_segmentation

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement.user_items import Proposals, ReaderItems

PROPOSALS_ATTRIBUTE = "ICHSegmentation.Proposals"
READER_ATTRIBUTE = "ICHSegmentation.ReaderItems"
_logger = logging.getLogger(__name__)


def reader_items(segmentation_node: Node) -> ReaderItems:
    """Return what the reader said of a result; nothing where that is damaged.

    Raises
    ------
    NodeRemovedError
        If the node is gone.
    """
    from ICHSegmentationLib.measurement.user_items import ReaderItems

    text = require_segmentation(segmentation_node).GetAttribute(READER_ATTRIBUTE)
    try:
        return ReaderItems.model_validate_json(text) if text else ReaderItems()
    except ValueError:
        _logger.warning("What the reader said of %s is damaged and is left out.", segmentation_node.GetID())
        return ReaderItems()


def set_reader_items(segmentation_node: Node, items: ReaderItems) -> None:
    """Keep what the reader said of a result; see :func:`reader_items`."""
    require_segmentation(segmentation_node).SetAttribute(READER_ATTRIBUTE, items.model_dump_json(exclude_defaults=True))


def proposals(segmentation_node: Node) -> Proposals | None:
    """Return what was proposed for a result; None where nothing was, or it is damaged.

    Raises
    ------
    NodeRemovedError
        If the node is gone.
    """
    from ICHSegmentationLib.measurement.user_items import Proposals

    text = require_segmentation(segmentation_node).GetAttribute(PROPOSALS_ATTRIBUTE)
    try:
        return Proposals.model_validate_json(text) if text else None
    except ValueError:
        _logger.warning("What was proposed for %s is damaged and is left out.", segmentation_node.GetID())
        return None


def set_proposals(segmentation_node: Node, found: Proposals) -> None:
    """Keep what is proposed for a result; see :func:`proposals`."""
    require_segmentation(segmentation_node).SetAttribute(PROPOSALS_ATTRIBUTE, found.model_dump_json())
