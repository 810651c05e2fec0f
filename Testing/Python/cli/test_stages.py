# SPDX-License-Identifier: Apache-2.0
"""The bar never runs backwards and ends when the last stage does."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.cli.stages import SHARES, Stages


def test_the_shares_make_a_whole():
    assert sum(SHARES.values()) == pytest.approx(1.0)


def test_progress_counts_the_stages_before():
    stages = Stages()
    assert stages.advance("infer", 0.5) == pytest.approx(0.10 + 0.10 + 0.10 + 0.20)
    assert stages.advance("write", 1.0) == pytest.approx(1.0)


def test_progress_never_falls():
    stages = Stages()
    shown = [
        stages.advance(stage, fraction)
        for stage, fraction in [("read", 0.5), ("infer", 0.3), ("infer", 0.1), ("read", 1.0), ("infer", 7.0)]
    ]
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(0.70)


def test_a_stage_without_a_share_leaves_the_bar_where_it_is():
    stages = Stages()
    before = stages.advance("read", 1.0)
    assert stages.advance("tea", 1.0) == before
