# SPDX-License-Identifier: Apache-2.0
"""Proposed and user-chosen score items, stored with a result and saved with the scene."""

from __future__ import annotations

import logging

from ICHSegmentationLib.measurement.user_items import Proposals, UserItems
from ICHSegmentationLib.mrml.nodes import Node, require_segmentation

PROPOSALS_ATTRIBUTE = "ICHSegmentation.Proposals"
READER_ATTRIBUTE = "ICHSegmentation.ReaderItems"
_logger = logging.getLogger(__name__)


def user_items(segmentation_node: Node) -> UserItems:
    """Return the score items that the user chose for a result; none if the record is damaged.

    Raises
    ------
    NodeRemovedError
        If the node was removed.
    """
    text = require_segmentation(segmentation_node).GetAttribute(READER_ATTRIBUTE)
    try:
        return UserItems.model_validate_json(text) if text else UserItems()
    except ValueError:
        _logger.warning("The chosen score items of %s are damaged and are ignored.", segmentation_node.GetID())
        return UserItems()


def set_user_items(segmentation_node: Node, items: UserItems) -> None:
    """Store the score items that the user chose; see :func:`user_items`."""
    require_segmentation(segmentation_node).SetAttribute(READER_ATTRIBUTE, items.model_dump_json(exclude_defaults=True))


def proposals(segmentation_node: Node) -> Proposals | None:
    """Return the proposed score items of a result; None if there are none or the record is damaged.

    Raises
    ------
    NodeRemovedError
        If the node was removed.
    """
    text = require_segmentation(segmentation_node).GetAttribute(PROPOSALS_ATTRIBUTE)
    try:
        return Proposals.model_validate_json(text) if text else None
    except ValueError:
        _logger.warning("The proposed score items of %s are damaged and are ignored.", segmentation_node.GetID())
        return None


def set_proposals(segmentation_node: Node, found: Proposals) -> None:
    """Store the proposed score items; see :func:`proposals`."""
    require_segmentation(segmentation_node).SetAttribute(PROPOSALS_ATTRIBUTE, found.model_dump_json())
