# SPDX-License-Identifier: Apache-2.0
"""Simulated scans: a head with bleeds whose labels and volumes are known."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation import SimulatedCT, simulated_ct

pytestmark = pytest.mark.slow

SHAPE = (30, 160, 160)
SPACING_MM = (5.0, 1.3, 1.3)
VOXEL_ML = 5.0 * 1.3 * 1.3 / 1000


@pytest.fixture(scope="module")
def a_bleeding_head() -> SimulatedCT:
    return simulated_ct(5, subtypes=(Subtype.SDH, Subtype.IPH), shape=SHAPE, spacing_mm=SPACING_MM, noise_hu=2)


def test_truth_volumes_are_those_of_the_labels(a_bleeding_head: SimulatedCT) -> None:
    counts = np.bincount(a_bleeding_head.labels.ravel(), minlength=6)
    assert a_bleeding_head.volumes_ml == pytest.approx({s.name: counts[s] * VOXEL_ML for s in Subtype})
    assert a_bleeding_head.volumes_ml["SDH"] > 1
    assert a_bleeding_head.volumes_ml["IPH"] > 0.3
    assert a_bleeding_head.volumes_ml["EDH"] == a_bleeding_head.volumes_ml["SAH"] == 0


def test_the_grid_says_axial_slices_upwards(a_bleeding_head: SimulatedCT) -> None:
    grid = a_bleeding_head.volume.grid
    assert grid.shape == SHAPE
    np.testing.assert_allclose(grid.normal, [0, 0, 1])
    np.testing.assert_allclose(grid.voxel_volumes_mm3 / 1000, VOXEL_ML)
    np.testing.assert_allclose(grid.positions_mm[[0, -1], 2], [-72.5, 72.5])


def test_blood_is_inside_the_skull_and_brighter_than_brain(a_bleeding_head: SimulatedCT) -> None:
    labels, hu = a_bleeding_head.labels, a_bleeding_head.volume.hu
    assert not np.any((labels > 0) & ~a_bleeding_head.anatomy.intracranial)
    brain = np.median(hu[a_bleeding_head.anatomy.brain & (labels == 0)])
    assert np.median(hu[labels == Subtype.IPH]) > brain + 12


def test_without_subtypes_the_head_is_healthy() -> None:
    scan = simulated_ct(6, shape=(16, 96, 96), spacing_mm=(5.0, 2.0, 2.0))
    assert not scan.labels.any()
    assert set(scan.volumes_ml.values()) == {0.0}
    assert scan.volume.hu.dtype == np.int16


def test_the_same_seed_gives_the_same_scan() -> None:
    kinds = {"subtypes": (Subtype.IVH, Subtype.SAH), "shape": (16, 96, 96), "spacing_mm": (5.0, 2.0, 2.0)}
    first, again = simulated_ct(9, **kinds), simulated_ct(9, **kinds)
    np.testing.assert_array_equal(first.volume.hu, again.volume.hu)
    np.testing.assert_array_equal(first.labels, again.labels)
