# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders.heads import ball_head

from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.mimics import FURTHER_MIMICS, MIMICS, paint_mimics, random_further_mimics

BRIGHT = {"choroid_plexus", "pineal", "basal_ganglia", "falx", "tentorium", "venous_sinus", "vessel", "metal"}


@pytest.fixture(scope="module")
def a_head():
    return ball_head()


@pytest.fixture(scope="module")
def a_site(a_head):
    return LesionSite(a_head[1])


@pytest.mark.parametrize("kind", sorted({**MIMICS, **FURTHER_MIMICS}))
def test_each_kind_changes_the_inside_of_the_head_and_nothing_else(a_head, a_site, kind):
    hu, anatomy = a_head
    result = paint_mimics(hu, a_site, np.random.default_rng(0), [kind])
    changed = result != hu
    assert (changed & anatomy.intracranial).any()
    if kind != "metal":
        assert not (changed & ~anatomy.intracranial).any()
    assert np.isfinite(result).all()


@pytest.mark.parametrize("kind", sorted(BRIGHT | set(FURTHER_MIMICS)))
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
    result = paint_mimics(hu, without, np.random.default_rng(0), [*MIMICS, *FURTHER_MIMICS])
    assert np.isfinite(result).all()
    assert bool((result != hu).any()) == (missing != "intracranial")


def test_further_kinds_are_not_painted_unless_asked_for(a_head, a_site, monkeypatch):
    expected = paint_mimics(a_head[0], a_site, np.random.default_rng(3))
    monkeypatch.setattr("ICHSegmentationLib.research.simulation.mimics.painter.FURTHER_MIMICS", {})
    np.testing.assert_array_equal(paint_mimics(a_head[0], a_site, np.random.default_rng(3)), expected)


def test_random_further_kinds_hold_one_of_each_list():
    for seed in range(10):
        kinds = random_further_mimics(np.random.default_rng(seed))
        assert 1 <= len(set(kinds) & set(FURTHER_MIMICS)) <= 2
        assert len(set(kinds) & set(MIMICS)) == 1


def test_pallidal_calcification_is_symmetric(a_head, a_site):
    hu, anatomy = a_head
    change = paint_mimics(hu, a_site, np.random.default_rng(1), ["pallidal_calcification"]) - hu
    left, right = (change[side * anatomy.midline_distance_mm > 2].sum() for side in (1, -1))
    assert left > 0
    assert right == pytest.approx(left, rel=0.5)


def test_thick_frontal_bone_is_bone_in_front(a_head, a_site):
    hu, anatomy = a_head
    painted = paint_mimics(hu, a_site, np.random.default_rng(1), ["thick_frontal_bone"])
    new_bone = (painted > 250) & anatomy.intracranial
    assert new_bone.any()
    assert np.argwhere(new_bone)[:, 1].max() < np.argwhere(anatomy.intracranial)[:, 1].mean()
