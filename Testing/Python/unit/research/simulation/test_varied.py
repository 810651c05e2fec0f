# SPDX-License-Identifier: Apache-2.0
"""Collections of all ages, trauma and heads after surgery."""

from __future__ import annotations

import numpy as np
import pytest
from builders.heads import BONE_HU, BRAIN_HU, FLUID_HU, ball_head
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.lesions.parenchymal import plan_parenchymal
from ICHSegmentationLib.research.simulation.varied import paint_varied, random_varied_subtypes
from ICHSegmentationLib.research.simulation.varied.ages import with_age
from ICHSegmentationLib.research.simulation.varied.contusions import plan_contusions
from ICHSegmentationLib.research.simulation.varied.epidural import plan_lens
from ICHSegmentationLib.research.simulation.varied.spaces import plan_ventricular_form
from ICHSegmentationLib.research.simulation.varied.subdural import plan_crescent, plan_falx
from ICHSegmentationLib.research.simulation.varied.surgery import operate
from ICHSegmentationLib.research.simulation.varied.surroundings import Surface, fracture, swelling

GREYS = {"brain_hu": BRAIN_HU, "fluid_hu": FLUID_HU}


@pytest.fixture(scope="module")
def a_head():
    return ball_head()


@pytest.fixture(scope="module")
def a_site(a_head):
    return LesionSite(a_head[1], margin_mm=24)


def inside(site: LesionSite, lesion: Lesion) -> np.ndarray:
    """Return the voxels of the site that consist of a lesion by half or more."""
    whole = np.zeros(site.anatomy.skull.shape, dtype=bool)
    whole[lesion.box] = lesion.coverage >= 0.5
    return whole


@pytest.mark.parametrize("subtype", list(Subtype))
def test_each_subtype_is_simulated_alone(a_head, a_site, subtype):
    found = [
        set(np.unique(paint_varied(a_head[0], a_site, np.random.default_rng(seed), [subtype])[1])) for seed in range(3)
    ]
    assert set.union(*found) == {0, int(subtype)}


def test_the_same_seed_gives_the_same_sample_and_the_host_is_left_as_it_was(a_head, a_site):
    before = a_head[0].copy()
    first, second = (
        paint_varied(a_head[0], a_site, np.random.default_rng(2), list(Subtype), operated=True) for _ in range(2)
    )
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(a_head[0], before)
    other = paint_varied(a_head[0], a_site, np.random.default_rng(3), list(Subtype), operated=True)
    assert (first[1] != other[1]).any()


def test_nothing_asked_for_changes_nothing(a_head, a_site):
    hu, labels = paint_varied(a_head[0], a_site, np.random.default_rng(0), [])
    np.testing.assert_array_equal(hu, a_head[0])
    assert not labels.any()


def test_random_subtypes_are_extra_axial_more_often_than_not():
    rng = np.random.default_rng(0)
    drawn = [random_varied_subtypes(rng) for _ in range(400)]
    extra_axial = np.mean([bool({Subtype.EDH, Subtype.SDH} & set(subtypes)) for subtypes in drawn])
    assert 0.6 < extra_axial < 0.85
    assert {subtype for subtypes in drawn for subtype in subtypes} == set(Subtype)


@pytest.mark.parametrize("thickness_mm", [2.0, 8.0, 20.0])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_crescent_is_as_thick_as_asked_for_and_stays_on_its_side(a_site, thickness_mm, side):
    crescent = inside(a_site, plan_crescent(a_site, np.random.default_rng(1), side, thickness_mm))
    assert a_site.depth_mm[crescent].max() == pytest.approx(thickness_mm, rel=0.35, abs=1.6)
    assert (side * a_site.anatomy.midline_distance_mm[crescent]).min() > 0


def test_a_falcine_band_is_thin_and_keeps_off_the_ventricles(a_site):
    for seed in range(4):
        band = inside(a_site, plan_falx(a_site, np.random.default_rng(seed), 1.0, 4.0))
        assert 0 <= a_site.anatomy.midline_distance_mm[band].max() < 8
        assert not (band & a_site.anatomy.ventricles).any()


@pytest.mark.parametrize(("age", "low_hu", "high_hu"), [("acute", 49, 76), ("isodense", 27, 46), ("chronic", 9, 29)])
def test_each_age_has_its_density(a_site, age, low_hu, high_hu):
    crescent = plan_crescent(a_site, np.random.default_rng(1), 1.0, 10.0)
    for seed in range(5):
        aged = with_age(crescent, a_site, np.random.default_rng(seed), age)
        median = 33 + np.median(aged.contrast_hu[aged.coverage >= 0.5])
        assert low_hu < median < high_hu


def test_a_clot_with_lysis_is_less_dense_at_its_rim(a_site):
    clot = plan_parenchymal(a_site, np.random.default_rng(0), 30.0)
    aged = with_age(clot, a_site, np.random.default_rng(0), "lysis")
    where = aged.coverage >= 0.5
    inner = ndimage.binary_erosion(where, structure=np.ones((1, 3, 3)), iterations=4)
    rim = where & ~ndimage.binary_erosion(where, structure=np.ones((1, 3, 3)))
    assert inner.any()
    assert np.median(aged.contrast_hu[inner]) - np.median(aged.contrast_hu[rim]) > 3


def test_cells_settle_below_a_fluid_level(a_site):
    crescent = plan_crescent(a_site, np.random.default_rng(1), 1.0, 10.0)
    aged = with_age(crescent, a_site, np.random.default_rng(0), "level")
    where = aged.coverage >= 0.5
    rows = np.nonzero(where)[1]
    values = aged.contrast_hu[where]
    back, front = values[rows >= np.quantile(rows, 0.9)], values[rows <= np.quantile(rows, 0.1)]
    assert np.median(back) - np.median(front) > 8


@pytest.mark.parametrize("thickness_mm", [4.0, 10.0, 25.0])
def test_a_lens_is_biconvex_and_bounded(a_site, thickness_mm):
    for seed in range(3):
        planned = plan_lens(a_site, np.random.default_rng(seed), place="convexity", thickness_mm=thickness_mm)
        lens = inside(a_site, planned.lesion)
        thickest = a_site.depth_mm[lens].max()
        assert thickest == pytest.approx(thickness_mm, rel=0.3, abs=2)
        extent_mm = np.ptp(np.argwhere(lens), axis=0) * a_site.spacing_mm
        # The arc of the skull above a chord of this length is at most as high as the lens is thick.
        assert extent_mm.max() < 2 * np.sqrt(2 * 75 * thickness_mm) + 2 * 5


def test_a_lens_at_the_vertex_may_cross_the_midline_and_others_do_not(a_site):
    def crosses(place: str, seed: int) -> bool:
        planned = plan_lens(a_site, np.random.default_rng(seed), place=place, thickness_mm=12)
        midline = a_site.anatomy.midline_distance_mm[inside(a_site, planned.lesion)]
        return bool(midline.min() < -2 and midline.max() > 2)

    assert any(crosses("vertex", seed) for seed in range(5))
    assert not any(crosses("convexity", seed) for seed in range(5))


def test_a_lens_of_the_posterior_fossa_lies_behind_the_cerebellum(a_site):
    cerebellum = a_site.anatomy.deep == DeepRegion.CEREBELLUM
    lowest, highest = np.flatnonzero(cerebellum.any(axis=(1, 2)))[[0, -1]]
    for seed in range(4):
        planned = plan_lens(a_site, np.random.default_rng(seed), place="posterior_fossa", thickness_mm=8)
        assert lowest <= planned.centre[0] <= highest
        assert planned.centre[1] > np.argwhere(cerebellum)[:, 1].mean()


def test_sediment_lies_at_the_back_of_the_ventricles(a_head, a_site):
    hu, ventricles = a_head[0][a_site.box], a_site.anatomy.ventricles
    last = np.argwhere(ventricles)[:, 1].max()
    for seed in range(4):
        planned = plan_ventricular_form(a_site, np.random.default_rng(seed), hu, ventricles, form="sediment", **GREYS)
        rows = np.argwhere(inside(a_site, planned))[:, 1]
        assert (last - rows.min()) * a_site.spacing_mm[1] < 11


def test_contusions_are_several_small_clots_near_the_surface(a_site):
    for seed in range(3):
        lesions = plan_contusions(a_site, np.random.default_rng(seed))
        assert len(lesions) >= 2
        for lesion in lesions:
            assert lesion.edema is not None
            assert inside(a_site, lesion).sum() * a_site.voxel_ml < 15


def a_surface(site: LesionSite) -> Surface:
    """Return the middle of the patient's left wall."""
    points = site.inner_table
    middle = np.array(site.anatomy.skull.shape) / 2
    left = points[site.anatomy.midline_distance_mm[tuple(points.T)] > 55]
    return Surface(site, left[np.argmin(np.abs(left[:, :2] - middle[:2]).sum(axis=1))])


@pytest.mark.parametrize("saturated", [False, True])
def test_a_fracture_is_a_narrow_gap_in_the_bone_alone(a_head, a_site, saturated):
    hu = np.clip(a_head[0], 0, 80) if saturated else a_head[0]
    painted = hu[a_site.box].copy()
    for seed in range(4):  # the thinnest gaps are as bright as bone in greys that end at 80 HU
        fracture(painted, a_surface(a_site), np.random.default_rng(seed))
    darker = painted < hu[a_site.box]
    assert darker.any()
    assert not (darker & ~a_site.anatomy.skull).any()
    assert darker.sum() < 0.05 * a_site.anatomy.skull.sum()
    assert painted.max() == hu[a_site.box].max()


def test_swelling_thickens_the_scalp_and_not_the_head_rest(a_head):
    hu, anatomy = a_head
    rest = np.zeros_like(anatomy.skull)
    rest[:, :, -3:] = True
    with_rest = type(anatomy)(**{**vars(anatomy), "skull": anatomy.skull | rest})
    site = LesionSite(with_rest, margin_mm=60)
    painted = hu[site.box].copy()
    swelling(painted, a_surface(site), np.random.default_rng(0))
    swollen = painted != hu[site.box]
    assert swollen.sum() * site.voxel_ml > 1
    to_skull = ndimage.distance_transform_edt(~anatomy.skull[site.box], sampling=site.spacing_mm)
    assert to_skull[swollen].max() < 15
    assert not (swollen & site.cavity).any()


@pytest.mark.parametrize("operation", ["craniectomy", "craniotomy", "burr_hole"])
def test_surgery_opens_the_bone_and_leaves_no_label_in_air(a_head, a_site, operation):
    hu, truth = a_head[0][a_site.box].copy(), np.zeros(a_site.anatomy.skull.shape, dtype=np.uint8)
    truth[a_site.anatomy.intracranial] = Subtype.SDH
    operate(hu, truth, a_surface(a_site), np.random.default_rng(4), noise_hu=3, operation=operation)
    opened = a_site.anatomy.skull & (hu < 150)
    assert opened.any()
    if operation == "craniectomy":
        assert opened.sum() * a_site.voxel_ml > 3
    assert not (truth[hu < -500]).any()
    low = a_site.height_fraction < 0.3
    assert np.all(hu[low][a_site.anatomy.skull[low]] >= BONE_HU)


def test_surgery_in_greys_that_end_at_80_keeps_their_range(a_head, a_site):
    greys = np.clip(a_head[0], 0, 80)
    for seed in range(4):
        hu, labels = paint_varied(greys, a_site, np.random.default_rng(seed), [], operated=True)
        assert (hu.min(), hu.max()) == (0, 80)
        assert (np.abs(hu - greys) > 10).any()
        assert not labels.any()
