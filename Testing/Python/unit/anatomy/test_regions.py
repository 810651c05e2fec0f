# SPDX-License-Identifier: Apache-2.0
"""Places that every stereotaxic atlas agrees on, and lesions whose place is plain."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.anatomy.lesion_location import Compartment, Region, Side
from ICHSegmentationLib.anatomy.location import locate
from ICHSegmentationLib.anatomy.regions import REGIONS, region_numbers


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ((30, 45, 20), Region.FRONTAL),  # middle frontal gyrus
        ((36, -12, 55), Region.FRONTAL),  # precentral gyrus
        ((8, -40, 58), Region.FRONTAL),  # paracentral lobule: the central sulcus ends far back at the midline
        ((40, -45, 45), Region.PARIETAL),  # supramarginal gyrus and above
        ((52, -25, 40), Region.PARIETAL),  # postcentral gyrus, farther forward at the side
        ((12, -77, 32), Region.PARIETAL),  # precuneus, before the parieto-occipital sulcus
        ((16, -46, 4), Region.PARIETAL),  # isthmus of the cingulate gyrus, behind the splenium
        ((50, -10, -15), Region.TEMPORAL),  # middle temporal gyrus
        ((30, -12, -16), Region.TEMPORAL),  # hippocampus
        ((10, -85, 5), Region.OCCIPITAL),  # calcarine cortex
        ((39, 2, 0), Region.INSULA),
        ((25, 2, 2), Region.BASAL_GANGLIA),  # putamen
        ((12, 12, 8), Region.BASAL_GANGLIA),  # head of the caudate nucleus
        ((26, -20, 40), Region.BASAL_GANGLIA),  # corona radiata, which fans out upwards
        ((11, -18, 8), Region.THALAMUS),
        ((4, -25, -25), Region.BRAIN_STEM),  # pons
        ((5, -22, -9), Region.BRAIN_STEM),  # midbrain
        ((28, -60, -35), Region.CEREBELLUM),  # dentate nucleus and hemisphere
        ((0, -60, -20), Region.CEREBELLUM),  # vermis
    ],
)
def test_landmarks_lie_in_their_region_on_both_sides(place, region):
    both = np.array([place, (-place[0], *place[1:])], dtype=float)
    assert [REGIONS[number] for number in region_numbers(both)] == [region, region]


def a_ball(centre: tuple[float, float, float], radius_mm: float) -> tuple[np.ndarray, np.ndarray]:
    steps = np.arange(-radius_mm, radius_mm + 1)
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = offsets[(offsets**2).sum(axis=1) <= radius_mm**2]
    return inside + np.array(centre), np.ones(len(inside))


def test_a_bleed_of_the_left_putamen():
    found = locate(*a_ball((25, 2, 4), 9))
    assert (found.side, found.compartment, found.region) == (
        Side.LEFT,
        Compartment.SUPRATENTORIAL,
        Region.BASAL_GANGLIA,
    )
    assert found.side_confidence == 1
    assert found.region_confidence > 0.8
    assert found.describe() == "left basal ganglia, supratentorial"


def test_a_bleed_of_the_right_cerebellum():
    found = locate(*a_ball((-25, -58, -36), 8))
    assert (found.side, found.compartment, found.region) == (Side.RIGHT, Compartment.INFRATENTORIAL, Region.CEREBELLUM)


def test_a_bleed_of_the_pons_is_on_the_midline():
    found = locate(*a_ball((1, -24, -26), 7))
    assert (found.side, found.compartment, found.region) == (
        Side.MIDLINE,
        Compartment.INFRATENTORIAL,
        Region.BRAIN_STEM,
    )


def test_blood_over_both_hemispheres_is_bilateral():
    left, right = a_ball((45, 40, 30), 8), a_ball((-45, 40, 30), 6)
    found = locate(np.concatenate([left[0], right[0]]), np.concatenate([left[1], right[1]]))
    assert (found.side, found.region) == (Side.BILATERAL, Region.FRONTAL)


def test_a_small_bleed_where_four_regions_meet_is_not_put_into_one():
    found = locate(*a_ball((28, -36, 16), 3))
    assert found.region is None
    assert found.region_confidence is None
    assert sum(found.region_shares.values()) == pytest.approx(1, abs=0.1)
    assert found.describe() == "left, region not determined, supratentorial"


def test_a_small_bleed_at_the_tentorium_is_not_put_above_or_below_it():
    assert locate(*a_ball((20, -62, -15), 6)).compartment is None


def test_blood_in_the_ventricles_is_in_the_ventricles():
    found = locate(*a_ball((10, 12, 14), 4), ventricular=True)
    assert (found.region, found.region_confidence) == (Region.VENTRICLES, 1)
    assert found.describe() == "ventricles, left"


def test_points_count_by_the_volume_they_stand_for():
    coordinates = np.array([(40.0, 50, 20), (40, -60, 45)])
    assert locate(coordinates, np.array([3.0, 1.0])).region == Region.FRONTAL
    found = locate(coordinates, np.array([1.0, 3.0]))
    assert (found.region, found.reaches_into) == (Region.PARIETAL, (Region.FRONTAL,))
    assert found.describe() == "left parietal and frontal, supratentorial"
