# SPDX-License-Identifier: Apache-2.0
"""Overall progress of a command from the progress of its parts."""

from __future__ import annotations

from collections.abc import Mapping


class Parts:
    """Map per-part progress to overall progress, which never decreases.

    Parameters
    ----------
    weights : mapping of str to float
        Relative time of each part, in order.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._spans: dict[str, tuple[float, float]] = {}
        start = 0.0
        for name, weight in weights.items():
            width = weight / sum(weights.values())
            self._spans[name] = (start, width)
            start += width
        self.done = 0.0

    def advance(self, part: str, fraction: float) -> float:
        """Return the overall progress, 0 to 1, when ``fraction`` of a part is done."""
        start, width = self._spans[part]
        self.done = max(self.done, start + width * min(max(fraction, 0.0), 1.0))
        return self.done
