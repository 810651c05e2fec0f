# SPDX-License-Identifier: Apache-2.0
"""How long a user has corrected a result."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode

_ATTRIBUTE = "ICHSegmentation.editing_s"
_PAUSE_S = 60.0
"""Who has not edited for longer has done something else."""


class EditingTime:
    """Adds up the seconds between edits, in the scene; a pause does not count.

    Parameters
    ----------
    now : callable
        Returns seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: tuple[str, float] | None = None

    def note(self, node: vtkMRMLSegmentationNode) -> None:
        """Take note of an edit of a result that was just made."""
        now, known = self._now(), editing_s(node) or 0.0
        if self._last is not None and self._last[0] == node.GetID():
            since = now - self._last[1]
            known += since if since <= _PAUSE_S else 0.0
        self._last = node.GetID(), now
        node.SetAttribute(_ATTRIBUTE, f"{known:.1f}")


def editing_s(node: vtkMRMLSegmentationNode) -> float | None:
    """Return how long a result was corrected, or None if it never was; kept with the scene."""
    text = node.GetAttribute(_ATTRIBUTE)
    return float(text) if text else None
