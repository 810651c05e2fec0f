# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders.heads import BRAIN_HU, FLUID_HU, ball_head

from ICHSegmentationLib.research.simulation.fields import (
    coverage_above,
    level_for_voxels,
    smooth_noise,
    wave_noise,
)
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.dural_folds import plan_falcine, plan_tentorial
from ICHSegmentationLib.research.simulation.lesions.extra_axial import plan_epidural, plan_subdural
from ICHSegmentationLib.research.simulation.lesions.mass_effect import Displacement
from ICHSegmentationLib.research.simulation.lesions.parenchymal import plan_parenchymal
from ICHSegmentationLib.research.simulation.lesions.subarachnoid import plan_subarachnoid
from ICHSegmentationLib.research.simulation.lesions.ventricular import plan_ventricular

GREYS = {"brain_hu": BRAIN_HU, "fluid_hu": FLUID_HU}


@pytest.fixture(scope="module")
def a_head():
    return ball_head()


@pytest.fixture(scope="module")
def a_site(a_head):
    return LesionSite(a_head[1])


def volume_ml(site: LesionSite, lesion) -> float:
    return float((lesion.coverage >= 0.5).sum()) * site.voxel_ml


@pytest.mark.parametrize("plan", [plan_epidural, plan_subdural, plan_parenchymal])
@pytest.mark.parametrize("wanted_ml", [2.0, 12.0, 45.0])
def test_lesions_that_take_space_have_the_volume_asked_for(a_site, plan, wanted_ml):
    for seed in range(3):
        lesion = plan(a_site, np.random.default_rng(seed), wanted_ml)
        assert volume_ml(a_site, lesion) == pytest.approx(wanted_ml, rel=0.15)


@pytest.mark.parametrize("plan", [plan_falcine, plan_tentorial])
def test_blood_on_a_fold_of_the_dura_has_the_volume_asked_for(a_site, plan):
    lesion = plan(a_site, np.random.default_rng(0), 4.0)
    assert volume_ml(a_site, lesion) == pytest.approx(4.0, rel=0.3)


def test_falcine_blood_hugs_the_midline(a_site):
    lesion = plan_falcine(a_site, np.random.default_rng(1), 3.0)
    distance = np.abs(a_site.anatomy.midline_distance_mm[lesion.box][lesion.coverage >= 0.5])
    assert distance.max() < 14


def test_no_subarachnoid_blood_in_dark_white_matter(a_head, a_site):
    hu, csf = a_head[0][a_site.box].copy(), a_site.anatomy.csf.copy()
    patch = np.zeros(csf.shape, dtype=bool)
    _, rows, columns = (n // 2 for n in csf.shape)
    high = np.flatnonzero((a_site.height_fraction > 0.6) & (a_site.height_fraction < 0.85))
    patch[high, rows - 12 : rows - 6, columns + 10 : columns + 16] = True
    hu[patch], csf[patch] = FLUID_HU, True
    for seed in range(5):
        lesion = plan_subarachnoid(a_site, np.random.default_rng(seed), hu, csf, volume_ml=40, **GREYS)
        blood = np.zeros(csf.shape, dtype=bool)
        blood[lesion.box] = lesion.coverage >= 0.5
        assert not (blood & patch).any()
        assert blood.sum() * a_site.voxel_ml > 5


@pytest.mark.parametrize("wanted_ml", [1.0, 8.0])
def test_subarachnoid_volume_is_near_the_volume_asked_for(a_head, a_site, wanted_ml):
    hu, csf = a_head[0][a_site.box], a_site.anatomy.csf
    lesion = plan_subarachnoid(a_site, np.random.default_rng(0), hu, csf, volume_ml=wanted_ml, **GREYS)
    assert volume_ml(a_site, lesion) == pytest.approx(wanted_ml, rel=0.3)


@pytest.mark.parametrize("wanted_ml", [0.5, 6.0])
def test_ventricular_volume_is_the_volume_asked_for(a_head, a_site, wanted_ml):
    hu, ventricles = a_head[0][a_site.box], a_site.anatomy.ventricles
    lesion = plan_ventricular(a_site, np.random.default_rng(0), hu, ventricles, volume_ml=wanted_ml, **GREYS)
    assert volume_ml(a_site, lesion) == pytest.approx(wanted_ml, rel=0.05)


def test_small_ventricular_bleeds_settle_at_the_back(a_head, a_site):
    hu, ventricles = a_head[0][a_site.box], a_site.anatomy.ventricles
    for seed in range(4):
        lesion = plan_ventricular(a_site, np.random.default_rng(seed), hu, ventricles, volume_ml=1.0, **GREYS)
        rows = np.argwhere(lesion.coverage >= 0.5)[:, 1] + lesion.box[1].start
        assert rows.mean() > np.quantile(np.argwhere(ventricles)[:, 1], 0.75)


def test_blood_from_a_clot_enters_the_ventricle_beside_it(a_head, a_site):
    hu, ventricles = a_head[0][a_site.box], a_site.anatomy.ventricles
    clot = (a_site.anatomy.midline_distance_mm > 22) & (a_site.depth_mm > 35)
    sides = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        lesion = plan_ventricular(a_site, rng, hu, ventricles, volume_ml=3.0, clot=clot, **GREYS)
        side = a_site.anatomy.midline_distance_mm[lesion.box][lesion.coverage >= 0.5].mean()
        sides.append(side > 5)
    assert sum(sides) >= 5


def test_trimming_keeps_the_lesion_and_drops_empty_voxels(a_site):
    lesion = plan_epidural(a_site, np.random.default_rng(0), 10.0)
    trimmed = lesion.trimmed()
    whole, again = np.zeros(a_site.anatomy.skull.shape), np.zeros(a_site.anatomy.skull.shape)
    whole[lesion.box], again[trimmed.box] = lesion.coverage, trimmed.coverage
    np.testing.assert_array_equal(whole, again)
    assert trimmed.coverage.size < lesion.coverage.size


def test_displacement_pushes_away_from_the_lesion_and_not_at_the_bone(a_site):
    lesion = plan_epidural(a_site, np.random.default_rng(0), 40.0).trimmed()
    side = np.sign(a_site.anatomy.midline_distance_mm[lesion.box][lesion.coverage > 0.5].mean())
    left_mm = a_site.anatomy.midline_distance_mm.astype(np.float32)
    moved = Displacement(a_site, [lesion]).warp(left_mm)
    # A voxel now shows what lay nearer to the lesion before.
    shift_mm = (moved - left_mm) * side
    plane = lesion.box[0].start + lesion.coverage.sum(axis=(1, 2)).argmax()
    near_midline = (np.abs(left_mm[plane]) < 10) & (a_site.depth_mm[plane] > 10)
    assert shift_mm[plane][near_midline].mean() > 2
    assert np.abs(shift_mm[a_site.anatomy.skull]).mean() < 0.3


def test_without_space_taking_lesions_nothing_moves(a_head, a_site):
    hu = a_head[0][a_site.box]
    assert Displacement(a_site, []).warp(hu) is hu


def test_depths_of_a_ball(a_head):
    site = LesionSite(a_head[1])
    middle = tuple(n // 2 for n in site.anatomy.skull.shape)
    assert site.depth_mm[middle] == pytest.approx(68, abs=5)
    assert site.convexity_depth_mm[middle] == pytest.approx(68, abs=5)
    lowest = int(np.flatnonzero(site.anatomy.intracranial.any(axis=(1, 2)))[0])
    at_base = (lowest, middle[1], middle[2])
    assert site.depth_mm[at_base] < 8
    assert site.convexity_depth_mm[at_base] > 50


def test_level_holds_the_voxels_asked_for():
    score = np.arange(1000, dtype=np.float32).reshape(10, 10, 10)
    domain = score < 500
    level = level_for_voxels(score, domain, 30)
    assert ((score >= level) & domain).sum() == 30
    assert level_for_voxels(score, np.zeros_like(domain), 30) is None


def test_coverage_of_an_oblique_half_space_has_the_exact_mean():
    z, _, x = np.mgrid[0:12, 0:30, 0:30].astype(np.float32)
    score = (x - 14.5) + 2.0 * (z - 5.5)
    coverage = coverage_above(score, 0.0)
    assert coverage.mean() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_array_equal(coverage >= 0.5, score >= 0)
    assert ((coverage > 0.05) & (coverage < 0.95)).mean() > 0.05


@pytest.mark.parametrize("kind", ["smooth", "wave"])
def test_noise_has_unit_width_and_its_wavelength(kind):
    rng = np.random.default_rng(0)
    shape, spacing_mm = (20, 100, 100), (5.0, 1.0, 1.0)
    mesh = np.ix_(*[np.arange(n, dtype=np.float32) * s for n, s in zip(shape, spacing_mm, strict=True)])
    noise = smooth_noise(rng, shape, spacing_mm, 12) if kind == "smooth" else wave_noise(rng, mesh, 24)
    assert noise.shape == shape
    assert noise.std() == pytest.approx(1, abs=0.35)
    assert np.corrcoef(noise[..., 1:].ravel(), noise[..., :-1].ravel())[0, 1] > 0.9
    assert abs(np.corrcoef(noise[..., 40:].ravel(), noise[..., :-40].ravel())[0, 1]) < 0.5


def test_the_missed_part_of_a_ventricle_is_not_taken_for_a_cistern():
    hu, anatomy = ball_head()
    front = anatomy.ventricles & (np.arange(hu.shape[1]) < hu.shape[1] // 2)[None, :, None]
    partly = replace(anatomy, ventricles=anatomy.ventricles & ~front, csf=anatomy.csf | front)
    site = LesionSite(partly)
    high = site.height_fraction[:, None, None] > 0.45
    for seed in range(6):
        rng = np.random.default_rng(seed)
        lesion = plan_subarachnoid(site, rng, hu[site.box], partly.csf[site.box], volume_ml=20.0, **GREYS)
        blood = np.zeros(site.anatomy.csf.shape, dtype=bool)
        blood[lesion.box] = lesion.coverage >= 0.5
        assert not (blood & front[site.box] & high).any()
