# SPDX-License-Identifier: Apache-2.0
"""The bar never runs backwards and ends when the last part does."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.cli.parts import Parts


@pytest.fixture
def a_whole() -> Parts:
    """Three parts of 10, 30 and 60 %."""
    return Parts({"read": 1, "segment": 3, "write": 6})


@pytest.mark.parametrize(
    ("part", "fraction", "done"),
    [("read", 0.0, 0.0), ("read", 1.0, 0.1), ("segment", 0.5, 0.25), ("write", 0.5, 0.7), ("write", 1.0, 1.0)],
)
def test_parts_count_by_their_weight(a_whole: Parts, part: str, fraction: float, done: float):
    assert a_whole.advance(part, fraction) == pytest.approx(done)


def test_progress_never_falls(a_whole: Parts):
    steps = [("read", 0.5), ("segment", 0.3), ("segment", 0.1), ("read", 1.0), ("segment", 7.0), ("write", -1.0)]
    shown = [a_whole.advance(part, fraction) for part, fraction in steps]
    assert shown == pytest.approx([0.05, 0.19, 0.19, 0.19, 0.4, 0.4])
