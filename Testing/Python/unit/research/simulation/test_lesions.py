# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from builders.heads import BONE_HU, BRAIN_HU, ball_head
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions import paint_lesions

pytestmark = pytest.mark.slow

SEEDS = range(4)
MASKS = ("skull", "intracranial", "brain", "csf", "ventricles")


@pytest.fixture(scope="module")
def a_head():
    return ball_head()


@pytest.fixture(scope="module")
def a_site(a_head):
    return LesionSite(a_head[1])


@pytest.fixture(scope="module")
def painted(a_head, a_site):
    """Painter of samples; several tests look at the same ones."""

    @cache
    def paint(seed: int, *subtypes: Subtype):
        return paint_lesions(a_head[0], a_site, np.random.default_rng(seed), subtypes)

    return paint


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    return ndimage.binary_dilation(mask, structure=np.ones((1, 3, 3)), iterations=pixels)


@pytest.mark.parametrize("subtype", list(Subtype))
@pytest.mark.parametrize("seed", SEEDS)
def test_paints_the_subtype_asked_for_and_no_other(painted, a_site, subtype, seed):
    _, labels = painted(seed, subtype)
    assert set(np.unique(labels)) == {0, int(subtype)}
    assert 0.15 < (labels > 0).sum() * a_site.voxel_ml < 130


@pytest.mark.parametrize("subtype", [Subtype.EDH, Subtype.SAH, Subtype.IPH, Subtype.IVH])
@pytest.mark.parametrize("seed", SEEDS)
def test_blood_is_denser_than_brain_and_less_dense_than_calcium(painted, subtype, seed):
    hu, labels = painted(seed, subtype)
    assert BRAIN_HU + 2 < np.median(hu[labels > 0]) < 85


@pytest.mark.parametrize("seed", SEEDS)
def test_subdural_collections_of_all_ages_stay_between_fluid_and_clot(painted, seed):
    hu, labels = painted(seed, Subtype.SDH)
    assert 5 < np.median(hu[labels > 0]) < 85


@pytest.mark.parametrize("subtype", [Subtype.EDH, Subtype.SDH])
@pytest.mark.parametrize("seed", SEEDS)
def test_extra_axial_blood_keeps_the_bone_as_it_is(painted, a_head, subtype, seed):
    hu, labels = painted(seed, subtype)
    skull = a_head[1].skull
    assert not labels[skull].any()
    assert np.all(hu[skull] == BONE_HU)


@pytest.mark.parametrize("seed", SEEDS)
def test_epidural_blood_lies_on_the_bone_without_a_gap(painted, a_head, seed):
    _, labels = painted(seed, Subtype.EDH)
    lens, bone = labels == Subtype.EDH, a_head[1].skull
    assert (lens & grown(bone, 1)).sum() > 0
    # Where the lens nears the bone it touches it: hardly any brain beside the bone has the lens as a neighbour.
    seam = grown(bone, 1) & a_head[1].intracranial
    beside = grown(lens, 1) & seam
    assert (beside & lens).sum() > 0.6 * beside.sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_epidural_blood_is_thick_for_its_extent_and_subdural_blood_is_thin(painted, a_head, a_site, seed):
    def flatness(subtype: Subtype) -> float:
        _, labels = painted(seed, subtype)
        where = np.argwhere(labels > 0) * a_head[1].spacing_mm
        return float(np.sort(np.ptp(where, axis=0))[-1] / a_site.depth_mm[labels[a_site.box] > 0].max())

    assert 1.5 < flatness(Subtype.EDH) < 8
    assert flatness(Subtype.SDH) > 1.5


@pytest.mark.parametrize("seed", range(8))
def test_subdural_blood_stays_on_one_side(painted, a_head, seed):
    _, labels = painted(seed, Subtype.SDH)
    sides = np.sign(a_head[1].midline_distance_mm[labels > 0])
    assert abs(sides.sum()) == np.abs(sides).sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_subarachnoid_blood_lies_in_fluid_outside_the_ventricles(painted, a_head, seed):
    _, labels = painted(seed, Subtype.SAH)
    blood = labels == Subtype.SAH
    assert not (blood & ~grown(a_head[1].csf, 2)).any()
    assert not (blood & a_head[1].ventricles).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_intraventricular_blood_lies_in_the_ventricles(painted, a_head, seed):
    _, labels = painted(seed, Subtype.IVH)
    assert not ((labels == Subtype.IVH) & ~grown(a_head[1].ventricles, 1)).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_parenchymal_blood_lies_in_the_brain_on_one_side(painted, a_head, seed):
    anatomy = a_head[1]
    _, labels = painted(seed, Subtype.IPH)
    clot = labels == Subtype.IPH
    assert (clot & anatomy.brain).sum() > 0.8 * clot.sum()
    assert not (clot & ~anatomy.intracranial).any()
    assert not (clot & (np.abs(anatomy.midline_distance_mm) < 1)).any() or (anatomy.deep[clot] == 4).any()


def test_combinations_hold_every_subtype_and_each_voxel_once(painted):
    _, labels = painted(1, *Subtype)
    assert set(np.unique(labels)) == {0, 1, 2, 3, 4, 5}


def test_the_same_seed_gives_the_same_sample_and_another_seed_another(painted, a_head, a_site):
    first, other = painted(7, *Subtype), painted(8, *Subtype)
    second = paint_lesions(a_head[0], a_site, np.random.default_rng(7), list(Subtype))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (first[1] != other[1]).any()


def test_the_order_of_the_subtypes_does_not_matter(painted):
    forward = painted(3, Subtype.EDH, Subtype.IPH, Subtype.IVH)
    backward = painted(3, Subtype.IVH, Subtype.IPH, Subtype.EDH)
    np.testing.assert_array_equal(forward[0], backward[0])


def test_the_host_is_left_as_it_was(a_head):
    before = a_head[0].copy()
    paint_lesions(a_head[0], a_head[1], np.random.default_rng(0), list(Subtype))
    np.testing.assert_array_equal(a_head[0], before)


def test_no_subtypes_change_nothing(painted, a_head):
    hu, labels = painted(0)
    np.testing.assert_array_equal(hu, a_head[0])
    assert not labels.any()


@pytest.mark.parametrize("missing", MASKS)
def test_a_missing_mask_leaves_out_what_needs_it(a_head, missing):
    hu, anatomy = a_head
    without = replace(anatomy, **{missing: np.zeros_like(anatomy.skull)})
    _, labels = paint_lesions(hu, without, np.random.default_rng(2), list(Subtype))
    absent = {
        "skull": {Subtype.EDH, Subtype.SDH},
        "intracranial": set(Subtype),
        "brain": {Subtype.IPH},
        "csf": set(),
        "ventricles": {Subtype.IVH},
    }[missing]
    assert absent.isdisjoint(np.unique(labels))
    assert bool(labels.any()) == (missing != "intracranial")


def test_blood_of_the_host_moves_with_the_brain_and_keeps_its_label(a_head, a_site):
    hu, anatomy = a_head
    own = np.zeros(hu.shape, dtype=np.uint8)
    own[16, 50:60, 70:79] = Subtype.IPH
    marked = np.where(own > 0, np.float32(70), hu)
    result, labels = paint_lesions(marked, a_site, np.random.default_rng(4), [Subtype.EDH], labels=own)
    kept = labels == Subtype.IPH
    assert 0.8 * (own > 0).sum() < kept.sum() < 1.25 * (own > 0).sum()
    assert np.median(result[kept]) == pytest.approx(70, abs=1)
    assert (labels == Subtype.EDH).any()
    assert (result[anatomy.intracranial & ~kept & (labels == 0)] > 60).mean() < 0.002


def test_texture_of_blood_matches_the_noise_of_the_host():
    for noise_hu in (1.5, 6.0):
        hu, anatomy = ball_head(noise_hu=noise_hu)
        # A large lens, so that it has an inside.
        result, labels = paint_lesions(hu, anatomy, np.random.default_rng(6), [Subtype.EDH])
        detail = result - ndimage.uniform_filter(result, (0, 5, 5))
        inner = ndimage.binary_erosion(labels == Subtype.EDH, structure=np.ones((1, 3, 3)), iterations=2)
        assert inner.sum() > 200
        assert detail[inner].std() == pytest.approx(noise_hu, rel=0.35)


@pytest.mark.parametrize("subtype", [Subtype.EDH, Subtype.SDH])
def test_a_host_whose_greys_end_at_80_keeps_its_bone(a_head, a_site, subtype):
    hu = np.clip(a_head[0], 0, 80)
    result, labels = paint_lesions(hu, a_site, np.random.default_rng(6), [subtype])
    skull = a_head[1].skull
    assert np.all(result[skull] == 80)
    assert not labels[skull].any()
    assert (result[labels > 0] < 79).mean() > 0.9
