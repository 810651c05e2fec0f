# SPDX-License-Identifier: Apache-2.0
"""One monotone progress figure for work that is done in stages."""

from __future__ import annotations

# Shares of the whole as measured on a head CT of 28 slices on two cores; they only set the pace of the bar.
SHARES = {"generate": 0.10, "read": 0.10, "preprocess": 0.10, "infer": 0.40, "postprocess": 0.05, "write": 0.25}


class Stages:
    """Turns (stage, fraction within it) into a fraction of the whole that never falls."""

    def __init__(self) -> None:
        self.done = 0.0

    def advance(self, stage: str, fraction: float) -> float:
        """Return how much of the whole is done, 0 to 1; a stage without a share leaves it where it is."""
        if stage in SHARES:
            names = list(SHARES)
            before = sum(SHARES[name] for name in names[: names.index(stage)])
            self.done = max(self.done, before + SHARES[stage] * min(max(fraction, 0.0), 1.0))
        return self.done
