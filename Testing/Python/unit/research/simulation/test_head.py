# SPDX-License-Identifier: Apache-2.0
"""The procedural head: densities, volumes, closed skull, masks that exclude each other, one head per seed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ICHSegmentationLib.research.simulation import Anatomy, CleanHead, DeepRegion, clean_head, procedural_head

pytestmark = pytest.mark.slow

SHAPE = (32, 160, 160)
SPACING_MM = (5.0, 1.3, 1.3)
PLANE_ML = 2.5 * 1.3 * 1.3 / 1000


@pytest.fixture(scope="module", params=[0, 1, 2])
def a_clean_head(request: pytest.FixtureRequest) -> CleanHead:
    return clean_head(request.param, shape=SHAPE, spacing_mm=SPACING_MM)


def _core(mask: np.ndarray) -> np.ndarray:
    """Voxels that share no edge with anything else, so that their HU is that of one tissue."""
    return ndimage.binary_erosion(mask, np.ones((1, 3, 3)), iterations=1)


def _exclusive(anatomy: Anatomy) -> tuple[np.ndarray, ...]:
    return anatomy.skull, anatomy.brain, anatomy.csf, anatomy.ventricles


def test_fluid_and_grey_and_white_matter_have_the_drawn_densities(a_clean_head: CleanHead) -> None:
    hu, anatomy, traits = a_clean_head.hu, a_clean_head.anatomy, a_clean_head.traits
    assert np.median(hu[_core(anatomy.ventricles)]) == pytest.approx(traits.csf_hu, abs=0.5)
    ganglia = _core(anatomy.deep == DeepRegion.BASAL_GANGLIA)
    assert np.median(hu[ganglia]) == pytest.approx(traits.grey_hu, abs=1)
    white = _core(anatomy.deep == DeepRegion.LOBAR_WHITE_MATTER)
    assert np.median(hu[white]) == pytest.approx(traits.white_hu, abs=2)
    cerebellum = np.median(hu[_core(anatomy.deep == DeepRegion.CEREBELLUM)])
    assert traits.white_hu < cerebellum < traits.grey_hu


def test_bone_is_dense_and_air_surrounds_the_head(a_clean_head: CleanHead) -> None:
    hu, anatomy = a_clean_head.hu, a_clean_head.anatomy
    assert 600 < np.median(hu[_core(anatomy.skull)]) < 1400
    assert hu.min() == pytest.approx(-1000, abs=0.01)
    assert np.all(hu[:, 0, 0] == -1000)
    assert np.mean(hu < -900) > 0.4


def test_parenchyma_without_calcium_is_never_as_dense_as_blood(a_clean_head: CleanHead) -> None:
    hu, anatomy = a_clean_head.hu, a_clean_head.anatomy
    assert np.percentile(hu[_core(anatomy.brain)], 99) < 45


def test_volumes_are_those_of_adults(a_clean_head: CleanHead) -> None:
    anatomy = a_clean_head.anatomy
    volume_ml = {
        name: np.sum(getattr(anatomy, name)) * PLANE_ML for name in ("intracranial", "brain", "csf", "ventricles")
    }
    assert 850 < volume_ml["intracranial"] < 1750
    assert 750 < volume_ml["brain"] < 1550
    assert 10 < volume_ml["csf"] < 400
    assert 5 < volume_ml["ventricles"] < 120
    region_ml = {region: np.sum(anatomy.deep == region) * PLANE_ML for region in DeepRegion}
    assert 4 < region_ml[DeepRegion.BASAL_GANGLIA] < 30
    assert 2 < region_ml[DeepRegion.THALAMUS] < 15
    assert 120 < region_ml[DeepRegion.CEREBELLUM] < 320
    assert 15 < region_ml[DeepRegion.PONS] < 50
    assert region_ml[DeepRegion.LOBAR_WHITE_MATTER] > 200


def test_masks_exclude_each_other_and_fill_the_skull(a_clean_head: CleanHead) -> None:
    anatomy = a_clean_head.anatomy
    assert np.sum([mask.astype(int) for mask in _exclusive(anatomy)], axis=0).max() == 1
    inside = anatomy.brain | anatomy.csf | anatomy.ventricles
    assert not np.any(inside & ~anatomy.intracranial)
    # The rest is dura and venous sinus.
    assert np.sum(inside) > 0.96 * np.sum(anatomy.intracranial)
    assert not np.any(anatomy.deep[~anatomy.brain])


def test_skull_is_closed_above_the_base(a_clean_head: CleanHead) -> None:
    anatomy = a_clean_head.anatomy
    top = np.flatnonzero(anatomy.intracranial.any(axis=(1, 2))).max()
    for plane in range(top - 30, top + 1):
        filled = ndimage.binary_fill_holes(anatomy.skull[plane])
        assert not np.any(anatomy.intracranial[plane] & ~filled)
    assert not anatomy.intracranial[top + 1 :].any()
    assert anatomy.skull[top + 1].any()


def test_ventricles_lie_deep_in_the_brain_on_both_sides(a_clean_head: CleanHead) -> None:
    anatomy = a_clean_head.anatomy
    depth = ndimage.distance_transform_edt(anatomy.intracranial, sampling=anatomy.spacing_mm)
    assert depth[anatomy.ventricles].min() > 8
    shell = ndimage.binary_dilation(anatomy.ventricles) & ~anatomy.ventricles
    assert np.mean(anatomy.brain[shell]) > 0.8
    lateral = anatomy.ventricles & (np.abs(anatomy.midline_distance_mm) > 4)
    left = np.sum(lateral & (anatomy.midline_distance_mm > 0))
    assert 0.25 < left / np.sum(lateral) < 0.75


def test_midline_distance_grows_to_the_left_by_the_column_spacing(a_clean_head: CleanHead) -> None:
    anatomy = a_clean_head.anatomy
    steps = np.diff(anatomy.midline_distance_mm, axis=2)[anatomy.intracranial[:, :, 1:]]
    assert np.median(steps) == pytest.approx(1.3 / 0.94, rel=0.15)
    halves = anatomy.midline_distance_mm[anatomy.intracranial] > 0
    assert 0.42 < halves.mean() < 0.58


def test_the_same_seed_gives_the_same_scan_and_another_seed_another() -> None:
    first, anatomy = procedural_head(7, shape=(12, 96, 96), spacing_mm=(5.0, 2.0, 2.0))
    again, _ = procedural_head(7, shape=(12, 96, 96), spacing_mm=(5.0, 2.0, 2.0))
    other, _ = procedural_head(8, shape=(12, 96, 96), spacing_mm=(5.0, 2.0, 2.0))
    assert first.dtype == np.int16
    assert first.shape == anatomy.brain.shape == (12, 96, 96)
    np.testing.assert_array_equal(first, again)
    assert np.mean(first != other) > 0.5


@pytest.mark.slow
def test_a_scan_has_the_anatomy_of_its_slices() -> None:
    hu, anatomy = procedural_head(3, shape=SHAPE, spacing_mm=SPACING_MM)
    assert anatomy.spacing_mm == SPACING_MM
    assert np.sum([mask.astype(int) for mask in _exclusive(anatomy)], axis=0).max() == 1
    head = clean_head(3, shape=SHAPE, spacing_mm=SPACING_MM)
    # Voxels that are half bone read as bone, so the slices hold a little less than the planes.
    assert 0.94 < 2 * np.sum(anatomy.intracranial) / np.sum(head.anatomy.intracranial) <= 1
    assert np.median(hu[_core(anatomy.ventricles)]) < np.median(hu[anatomy.brain]) - 12
    assert 24 < np.median(hu[anatomy.brain]) < 40
