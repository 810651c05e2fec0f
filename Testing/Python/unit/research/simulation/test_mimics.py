# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders.heads import ball_head

from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.mimics import MIMICS, paint_mimics

BRIGHT = {"choroid_plexus", "pineal", "basal_ganglia", "falx", "tentorium", "venous_sinus", "vessel", "metal"}


@pytest.fixture(scope="module")
def a_head():
    return ball_head()


@pytest.fixture(scope="module")
def a_site(a_head):
    return LesionSite(a_head[1])


@pytest.mark.parametrize("kind", sorted(MIMICS))
def test_each_kind_changes_the_inside_of_the_head_and_nothing_else(a_head, a_site, kind):
    hu, anatomy = a_head
    result = paint_mimics(hu, a_site, np.random.default_rng(0), [kind])
    changed = result != hu
    assert (changed & anatomy.intracranial).any()
    if kind != "metal":
        assert not (changed & ~anatomy.intracranial).any()
    assert np.isfinite(result).all()


@pytest.mark.parametrize("kind", sorted(BRIGHT))
def test_bright_kinds_are_brighter_than_brain(a_head, a_site, kind):
    hu = a_head[0]
    brightest = max(
        float((paint_mimics(hu, a_site, np.random.default_rng(seed), [kind]) - hu).max()) for seed in range(4)
    )
    assert brightest > 4


def test_calcified_plexus_lies_in_the_ventricles(a_head, a_site):
    hu, anatomy = a_head
    result = paint_mimics(hu, a_site, np.random.default_rng(1), ["choroid_plexus"])
    spot = result - hu > 60
    assert spot.any()
    rows = np.argwhere(spot)[:, 1]
    assert rows.min() >= np.quantile(np.argwhere(anatomy.ventricles)[:, 1], 0.25)


def test_the_same_seed_gives_the_same_picture(a_head, a_site):
    first, second = (paint_mimics(a_head[0], a_site, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_no_kinds_change_nothing(a_head, a_site):
    np.testing.assert_array_equal(paint_mimics(a_head[0], a_site, np.random.default_rng(0), []), a_head[0])


@pytest.mark.parametrize("missing", ["skull", "intracranial", "brain", "csf", "ventricles"])
def test_missing_masks_are_survived(a_head, missing):
    hu, anatomy = a_head
    without = replace(anatomy, **{missing: np.zeros_like(anatomy.skull)})
    result = paint_mimics(hu, without, np.random.default_rng(0), list(MIMICS))
    assert np.isfinite(result).all()
    assert bool((result != hu).any()) == (missing != "intracranial")
