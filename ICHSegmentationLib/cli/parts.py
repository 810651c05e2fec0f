# SPDX-License-Identifier: Apache-2.0
"""One progress figure for the parts of a command, which each report their own."""

from __future__ import annotations

from collections.abc import Mapping


class Parts:
    """Turns how far one part is into how far the whole is; the result never falls.

    Parameters
    ----------
    weights : mapping of str to float
        How long each part takes, in order, in any unit.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._spans: dict[str, tuple[float, float]] = {}
        start = 0.0
        for name, weight in weights.items():
            share = weight / sum(weights.values())
            self._spans[name] = (start, share)
            start += share
        self.done = 0.0

    def advance(self, part: str, fraction: float) -> float:
        """Return how much of the whole is done, 0 to 1, when ``fraction`` of a part is."""
        start, share = self._spans[part]
        self.done = max(self.done, start + share * min(max(fraction, 0.0), 1.0))
        return self.done
