# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
from builders.grids import make_grid
from builders.simple_head import model_entry

from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing


@pytest.fixture
def a_grid():
    """Six slices of 40 x 40 pixels of 1 mm, 5 mm apart: a voxel is 0.005 mL."""
    return make_grid(rows=40, columns=40, steps_mm=[5.0] * 5, spacing_mm=(1.0, 1.0))


@pytest.fixture
def a_clot():
    """10 x 10 pixels on two slices of IPH, 1 mL."""
    labels = np.zeros((6, 40, 40), dtype=np.uint8)
    labels[2:4, 10:20, 10:20] = Subtype.IPH
    return labels


def test_without_rules_nothing_changes(a_grid, a_clot):
    a_clot[0, 0, 0] = Subtype.SDH
    np.testing.assert_array_equal(PostProcessing.off().apply(a_clot, a_grid), a_clot)


def test_an_empty_label_map_stays_empty(a_grid):
    assert not PostProcessing().apply(np.zeros((6, 40, 40), dtype=np.uint8), a_grid).any()


@pytest.fixture
def an_hu(a_clot):
    """Brain of 30 HU, the clot of 70 HU."""
    return np.where(a_clot > 0, 70, 30).astype(np.int16)


def test_bone_at_the_edge_of_a_clot_is_removed_and_blood_beside_it_stays(a_grid, a_clot, an_hu):
    an_hu[:, :13] = 900
    labels = PostProcessing().apply(a_clot, a_grid, hu=an_hu)
    # Of the 3 x 3 pixels around a pixel in the last row of bone, six are bone.
    assert not labels[:, :13].any()
    assert (labels[2:4, 13:20, 10:20] == Subtype.IPH).all()


def test_the_bone_is_seen_beyond_the_box_of_the_labels(a_grid, a_clot, an_hu):
    an_hu[:, :11] = 900
    labels = PostProcessing().apply(a_clot, a_grid, hu=an_hu)
    assert not labels[2:4, 10, 10:20].any()
    assert (labels[2:4, 11:20, 10:20] == Subtype.IPH).all()


def test_a_single_bright_pixel_in_a_clot_is_not_bone(a_grid, a_clot, an_hu):
    an_hu[2, 14, 14] = 400
    labels = PostProcessing().apply(a_clot, a_grid, hu=an_hu)
    np.testing.assert_array_equal(labels, a_clot)


@pytest.mark.parametrize(("hu", "kept"), [(100, True), (101, False)])
def test_a_component_brighter_than_blood_is_removed(a_grid, a_clot, an_hu, hu, kept):
    an_hu[a_clot > 0] = hu
    labels = PostProcessing().apply(a_clot, a_grid, hu=an_hu)
    np.testing.assert_array_equal(labels, a_clot if kept else 0)


def test_without_hu_nothing_is_taken_for_bone(a_grid, a_clot):
    np.testing.assert_array_equal(PostProcessing().apply(a_clot, a_grid), a_clot)


@pytest.mark.parametrize(
    ("subtype", "pixels", "kept"),
    [(Subtype.IVH, 19, False), (Subtype.IVH, 20, True), (Subtype.SDH, 79, False), (Subtype.SDH, 80, True)],
)
def test_blood_below_the_least_volume_of_its_subtype_is_dropped(a_grid, a_clot, subtype, pixels, kept):
    a_clot[5, 30:40].reshape(-1)[:pixels] = subtype
    labels = PostProcessing().apply(a_clot, a_grid)
    assert (labels == subtype).sum() == (pixels if kept else 0)
    assert (labels == Subtype.IPH).sum() == 200


def test_a_rim_of_subdural_on_epidural_blood_becomes_epidural(a_grid, a_clot):
    a_clot[a_clot > 0] = Subtype.EDH
    a_clot[2:4, 10:20, 20:24] = Subtype.SDH
    labels = PostProcessing().apply(a_clot, a_grid)
    assert (labels == Subtype.EDH).sum() == 280
    assert not (labels == Subtype.SDH).any()


def test_subdural_blood_of_a_third_beside_epidural_stays(a_grid, a_clot):
    a_clot[a_clot > 0] = Subtype.EDH
    a_clot[2:4, 10:20, 20:30] = Subtype.SDH
    labels = PostProcessing().apply(a_clot, a_grid)
    assert ((labels == Subtype.SDH).sum(), (labels == Subtype.EDH).sum()) == (200, 200)


def test_a_small_hole_takes_the_label_around_it_and_a_large_one_stays(a_grid, a_clot):
    a_clot[2, 14:16, 14:16] = 0
    a_clot[3, 11:19, 11:19] = 0
    labels = PostProcessing(hole_area_mm2=20, min_volume_ml=None).apply(a_clot, a_grid)
    assert (labels[2] == Subtype.IPH).sum() == 100
    assert (labels[3] == Subtype.IPH).sum() == 36


def test_a_speck_of_another_subtype_inside_a_bleed_joins_it(a_grid, a_clot):
    a_clot[2, 10:12, 10:12] = Subtype.IVH
    labels = PostProcessing().apply(a_clot, a_grid)
    assert (labels == Subtype.IPH).sum() == 200
    assert not (labels == Subtype.IVH).any()


def test_blood_that_breaks_into_a_ventricle_stays_however_large_the_clot(a_grid, a_clot):
    a_clot[0:6, 0:20, 0:20] = Subtype.IPH
    a_clot[2:4, 10:20, 20:25] = Subtype.IVH
    labels = PostProcessing().apply(a_clot, a_grid)
    assert (labels == Subtype.IVH).sum() == 100


def test_a_speck_far_from_the_larger_subtype_keeps_its_own_if_it_is_a_bleed_by_itself(a_grid, a_clot):
    a_clot[5, 30:39, 30:39] = Subtype.SDH
    labels = PostProcessing().apply(a_clot, a_grid)
    assert (labels == Subtype.SDH).sum() == 81


def test_the_input_is_left_alone(a_grid, a_clot):
    a_clot[5, 0, 0] = Subtype.EDH
    before = a_clot.copy()
    PostProcessing().apply(a_clot, a_grid)
    np.testing.assert_array_equal(a_clot, before)


@pytest.mark.parametrize(("share", "kept"), [(0.69, False), (0.71, True)])
def test_blood_that_the_network_is_not_sure_of_is_dropped(a_grid, a_clot, share, kept):
    a_clot[5, 30:40, 30:40] = Subtype.SAH
    blood = np.full(a_clot.shape, 255, dtype=np.uint8)
    blood[5, 30:35, 30:40] = 255 * (share - 0.1)
    blood[5, 35:40, 30:40] = 255 * (share + 0.1)
    rules = PostProcessing(min_confidence={Subtype.SAH: 0.7, Subtype.IPH: 0.9})
    labels = rules.apply(a_clot, a_grid, blood=blood)
    assert (labels == Subtype.SAH).sum() == (100 if kept else 0)
    assert (labels == Subtype.IPH).sum() == 200
    assert (rules.apply(a_clot, a_grid) == Subtype.SAH).sum() == 100


def test_a_model_may_have_its_own_limits_of_certainty():
    default = PostProcessing()
    assert PostProcessing.for_model(model_entry()) == default
    own = PostProcessing.for_model(model_entry(min_confidence={"IPH": 0.6, "ICH": 0.5}))
    assert own.min_confidence == {Subtype.IPH: 0.6, UNKNOWN_SUBTYPE: 0.5}
    assert replace(own, min_confidence=default.min_confidence) == default
