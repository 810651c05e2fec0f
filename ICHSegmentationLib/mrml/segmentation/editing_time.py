# SPDX-License-Identifier: Apache-2.0
"""How long the user has corrected a result."""

from __future__ import annotations

import time
from collections.abc import Callable

from ICHSegmentationLib.mrml.nodes import Node

_ATTRIBUTE = "ICHSegmentation.editing_s"
_PAUSE_S = 60.0
"""A longer time between two edits is a break and does not count."""


class EditingTime:
    """Sum of the seconds between edits, without breaks, kept with the result.

    Parameters
    ----------
    now : callable
        Returns the seconds of a monotonic clock.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: tuple[str, float] | None = None

    def note(self, segmentation_node: Node) -> None:
        """Record that a result was edited just now."""
        now, known = self._now(), editing_s(segmentation_node) or 0.0
        if self._last is not None and self._last[0] == segmentation_node.GetID():
            since = now - self._last[1]
            known += since if since <= _PAUSE_S else 0.0
        self._last = segmentation_node.GetID(), now
        segmentation_node.SetAttribute(_ATTRIBUTE, f"{known:.1f}")


def editing_s(segmentation_node: Node) -> float | None:
    """Return for how many seconds a result was corrected; None if it never was."""
    text = segmentation_node.GetAttribute(_ATTRIBUTE)
    return float(text) if text else None
