# SPDX-License-Identifier: Apache-2.0
"""Drawn horns with the septum at a known place; blood in known compartments."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.anatomy.deep_samples import sample_deep
from ICHSegmentationLib.anatomy.lesion_location import LesionLocation
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement import Ventricle, ich_score
from ICHSegmentationLib.measurement.brain.midline import midline_shift
from ICHSegmentationLib.measurement.brain.ventricles import compartments, propose_graeb
from ICHSegmentationLib.measurement.measure import measure

pytestmark = pytest.mark.slow


def coordinates_of(brain) -> np.ndarray:
    indices = np.stack(np.meshgrid(*(np.arange(size) for size in brain.grid.shape), indexing="ij"), axis=-1)
    return brain.coordinates(indices)


def horns(brain, septum_x: float, *, left: bool = True) -> np.ndarray:
    """Brain of 32 HU with two frontal horns of 7 mm and a septum of 2 mm between them."""
    x, a, s = np.moveaxis(coordinates_of(brain), -1, 0)
    off = np.abs(x - septum_x)
    fluid = (off > 1) & (off < 8) & (a > -5) & (a < 28) & (s > 0) & (s < 30)
    if not left:
        fluid &= x < septum_x
    noise = np.random.default_rng(1).normal(0, 4, fluid.shape)
    return np.where(fluid, 6, 32) + noise


def no_labels(brain) -> np.ndarray:
    return np.zeros(brain.grid.shape, dtype=np.uint8)


@pytest.mark.parametrize("septum_x", [0.0, 4.5, -9.0, 14.0])
def test_the_septum_is_found_where_it_was_drawn(a_placed_brain, septum_x):
    found = midline_shift(sample_deep(a_placed_brain, horns(a_placed_brain, septum_x), no_labels(a_placed_brain)))
    assert found.left_mm == pytest.approx(septum_x, abs=0.6)
    assert found.confidence > 0.7
    if septum_x:
        assert found.toward == ("left" if septum_x > 0 else "right")
        assert found.describe() == f"midline shift {found.shift_mm:.1f} mm to the {found.toward}"
        ends = np.array([found.septum_lps_mm, found.midline_lps_mm])
        assert np.linalg.norm(ends[0] - ends[1]) == pytest.approx(found.shift_mm, abs=0.1)
        assert ends[1, 0] == pytest.approx(0, abs=0.1)


def test_horns_full_of_blood_show_the_septum_as_well(a_placed_brain):
    hu = horns(a_placed_brain, 5.0)
    labels = np.where(hu < 20, Subtype.IVH, 0).astype(np.uint8)
    bled = np.where(labels > 0, 65, hu)
    assert midline_shift(sample_deep(a_placed_brain, bled, labels)).left_mm == pytest.approx(5.0, abs=0.8)


def test_one_horn_alone_shows_no_septum(a_placed_brain):
    hu = horns(a_placed_brain, 3.0, left=False)
    found = midline_shift(sample_deep(a_placed_brain, hu, no_labels(a_placed_brain)))
    assert (found.shift_mm, found.toward, found.confidence) == (None, None, None)
    assert found.describe() == "midline shift not determined. The septum between the frontal horns is not clear."


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ((0, -8, 0), Ventricle.THIRD),
        ((0, -42, -30), Ventricle.FOURTH),
        ((10, 22, 8), Ventricle.LEFT_LATERAL),
        ((-12, -10, 21), Ventricle.RIGHT_LATERAL),
        ((22, -38, 13), Ventricle.LEFT_LATERAL),
        ((23, -54, 9), Ventricle.LEFT_LATERAL),
        ((-28, -47, 2), Ventricle.RIGHT_LATERAL),  # collateral trigone, the floor of the atrium
        ((-21, -64, 7), Ventricle.RIGHT_OCCIPITAL_HORN),
        ((33, -18, -14), Ventricle.LEFT_TEMPORAL_HORN),
    ],
)
def test_ventricles_have_their_compartments(place, name):
    numbers, distance = compartments(np.array([place], dtype=float), septum_x=0.0)
    assert list(Ventricle)[numbers[0]] == name
    assert distance[0] < 2


def test_a_shifted_septum_parts_the_lateral_ventricles():
    numbers, _ = compartments(np.array([(4.0, 20, 8)]), septum_x=8.0)
    assert list(Ventricle)[numbers[0]] == Ventricle.RIGHT_LATERAL


def test_blood_and_fluid_give_the_points_of_their_share(a_placed_brain):
    """A third ventricle of 7.1 mL full of blood, a right occipital horn of 2 mL filled by a third, no more."""
    x, a, s = np.moveaxis(coordinates_of(a_placed_brain), -1, 0)
    third = (np.abs(x) <= 5) & (np.abs(a + 9) <= 13) & (np.abs(s + 2) <= 12)
    horn = (np.abs(x + 20) <= 5) & (np.abs(a + 68) <= 8) & (np.abs(s - 6) <= 5)
    level = horn & (a < -70)
    hu = np.where(third, 65, np.where(level, 60, np.where(horn, 6, 32))).astype(float)
    labels = np.where(third | level, Subtype.IVH, 0).astype(np.uint8)
    label_map = LabelMap(labels, a_placed_brain.grid)
    samples = sample_deep(a_placed_brain, hu, labels)
    score = propose_graeb(label_map, a_placed_brain, samples, septum_x=0.0)
    by_name = {item.compartment: item for item in score.items}

    assert [item.compartment for item in score.items] == list(Ventricle)
    assert (by_name[Ventricle.THIRD].filled_percent, by_name[Ventricle.THIRD].expanded) == (100, True)
    assert by_name[Ventricle.RIGHT_OCCIPITAL_HORN].filled_percent == pytest.approx(100 * 7 / 17, abs=8)
    assert score.total == 5 + 1
    blood_ml = sum(item.blood_ml for item in score.items)
    assert blood_ml == pytest.approx(np.count_nonzero(labels) * 4 / 1000, abs=0.05)


def test_a_trace_of_blood_is_not_called_none(a_placed_brain):
    """0.02 mL in a left lateral ventricle of some millilitres of fluid: the least score of any blood."""
    x, a, s = np.moveaxis(coordinates_of(a_placed_brain), -1, 0)
    horn = (np.abs(x - 9) <= 5) & (np.abs(a - 12) <= 14) & (np.abs(s - 12) <= 8)
    labels = np.zeros(horn.shape, dtype=np.uint8)
    labels[tuple(np.argwhere(horn)[:5].T)] = Subtype.IVH
    samples = sample_deep(a_placed_brain, np.where(horn, 6.0, 32.0), labels)
    score = propose_graeb(LabelMap(labels, a_placed_brain.grid), a_placed_brain, samples, septum_x=0.0)
    by_name = {item.compartment: item for item in score.items}

    assert by_name[Ventricle.LEFT_LATERAL].blood_ml == pytest.approx(5 * 4 / 1000)
    assert by_name[Ventricle.LEFT_LATERAL].lumen_ml > 3
    assert score.total == by_name[Ventricle.LEFT_LATERAL].points == 1


@pytest.mark.parametrize(("fluid_hu", "points"), [(6.0, 1), (18.0, 4)])
def test_white_matter_that_is_dark_by_half_is_not_lumen(a_placed_brain, fluid_hu, points):
    """2 mL of blood in a left lateral ventricle, beside 10 mL of fluid or leukoaraiosis; fluid in the right one."""
    x, a, s = np.moveaxis(coordinates_of(a_placed_brain), -1, 0)
    body = (np.abs(x - 11) <= 5) & (np.abs(a - 8) <= 20) & (np.abs(s - 16) <= 14)
    blood = body & (a < -4)
    hu = np.where(body, fluid_hu, 32.0)
    hu[(np.abs(x + 11) <= 5) & (np.abs(a - 8) <= 20) & (np.abs(s - 16) <= 14)] = 6.0
    labels = np.where(blood, Subtype.IVH, 0).astype(np.uint8)
    samples = sample_deep(a_placed_brain, np.where(blood, 60.0, hu), labels)
    score = propose_graeb(LabelMap(labels, a_placed_brain.grid), a_placed_brain, samples, septum_x=0.0)
    assert {item.compartment: item.points for item in score.items}[Ventricle.LEFT_LATERAL] == points


def test_a_narrow_ventricle_full_of_blood_is_full(a_placed_brain):
    """1.2 mL of blood and no fluid beside it in a left lateral ventricle."""
    x, a, s = np.moveaxis(coordinates_of(a_placed_brain), -1, 0)
    slit = (np.abs(x - 10) <= 2) & (np.abs(a - 8) <= 10) & (np.abs(s - 16) <= 7)
    labels = np.where(slit, Subtype.IVH, 0).astype(np.uint8)
    samples = sample_deep(a_placed_brain, np.where(slit, 60.0, 32.0), labels)
    score = propose_graeb(LabelMap(labels, a_placed_brain.grid), a_placed_brain, samples, septum_x=0.0)
    item = {item.compartment: item for item in score.items}[Ventricle.LEFT_LATERAL]
    assert item.blood_ml == pytest.approx(1.2, abs=0.2)
    assert (item.points, score.total) == (4, 4)


def test_blood_far_from_any_ventricle_leaves_the_score_open(a_placed_brain):
    x, a, s = np.moveaxis(coordinates_of(a_placed_brain), -1, 0)
    labels = np.where((x > 50) & (np.abs(a) < 10) & (np.abs(s - 30) < 10), Subtype.IVH, 0).astype(np.uint8)
    samples = sample_deep(a_placed_brain, np.full(labels.shape, 32.0), labels)
    assert propose_graeb(LabelMap(labels, a_placed_brain.grid), a_placed_brain, samples, septum_x=0.0).total is None


def test_measure_says_where_and_fills_the_ich_score(a_head):
    """A clot that replaces a part of the left cerebellum."""
    from ICHSegmentationLib.research.simulation import DeepRegion

    anatomy = a_head.anatomy
    deep = (anatomy.deep == DeepRegion.CEREBELLUM) & (anatomy.midline_distance_mm > 12)
    deep[np.flatnonzero(deep.any(axis=(1, 2)))[5] :] = False
    hu, labels = a_head.volume.hu.copy(), np.zeros(a_head.volume.hu.shape, dtype=np.uint8)
    labels[deep] = Subtype.IPH
    hu[deep] = 62
    measured = measure(LabelMap(labels, a_head.volume.grid), type(a_head.volume)(hu, a_head.volume.grid))
    assert measured.largest_lesion.location.describe() == "left cerebellum, infratentorial"
    assert measured.modified_graeb.total == 0
    assert ich_score(measured, gcs=15, age_years=50).infratentorial is True
    assert ich_score(measured, gcs=15, age_years=50, infratentorial=False).infratentorial is False


def test_without_the_scan_nothing_is_said(a_head):
    labels = np.zeros(a_head.volume.hu.shape, dtype=np.uint8)
    labels[15, 50:60, 50:60] = Subtype.IPH
    measured = measure(LabelMap(labels, a_head.volume.grid))
    assert measured.largest_lesion.location is None
    assert (measured.midline_shift, measured.modified_graeb) == (None, None)
    assert ich_score(measured).infratentorial is None


def test_a_scan_that_cannot_be_placed_is_not_determined(a_head):
    air = type(a_head.volume)(np.full_like(a_head.volume.hu, -1000), a_head.volume.grid)
    labels = np.zeros(air.hu.shape, dtype=np.uint8)
    labels[15, 50:60, 50:60] = Subtype.IVH
    measured = measure(LabelMap(labels, air.grid), air)
    assert measured.largest_lesion.location == LesionLocation()
    assert measured.midline_shift.reason == message("anatomy.too_little_skull")
    assert measured.modified_graeb.total is None
