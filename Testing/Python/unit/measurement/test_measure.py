# SPDX-License-Identifier: Apache-2.0
"""Volumes and lesions of bodies of known size."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid, labelled

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure

RADII_MM = (30.0, 35.0, 38.0)
STEPS = {"1 mm": [1.0] * 90, "5 mm": [5.0] * 19, "mixed": [4.22] * 13 + [1.14] + [7.38] * 6}
OBLIQUE_DEG = (0, 14, -8)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("tilt_deg", [0, 10, 20, -20])
@pytest.mark.parametrize("oblique_deg", [(0, 0, 0), OBLIQUE_DEG], ids=["axial", "oblique"])
def test_ellipsoid_is_measured_within_one_percent(steps, tilt_deg, oblique_deg):
    grid = head_grid(steps, tilt_deg=tilt_deg, oblique_deg=oblique_deg)
    label_map = labelled(grid, (Subtype.IPH, ellipsoid_mask(grid, (0, 0, 0), RADII_MM)))

    volume_ml = measure(label_map).volumes_ml["IPH"]

    assert volume_ml == pytest.approx(ellipsoid_ml(RADII_MM), rel=0.01)


def test_reversed_slices_give_the_same_volume():
    grid = head_grid(STEPS["mixed"], tilt_deg=18.5)
    label_map = labelled(grid, (Subtype.SDH, ellipsoid_mask(grid, (3, 4, 5), (10, 20, 30))))
    turned_grid = type(grid)(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm)
    turned = labelled(turned_grid, (Subtype.SDH, label_map.labels[::-1] > 0))

    assert measure(turned).volumes_ml["SDH"] == pytest.approx(measure(label_map).volumes_ml["SDH"], rel=1e-12)


def test_one_voxel_counts_area_times_extent_of_its_slice():
    grid = head_grid([4.0, 4.0, 4.0, 7.0, 7.0, 7.0], spacing_mm=(0.5, 0.5))
    label_map = labelled(grid)
    label_map.labels[[0, 3, 6], 10, 10] = Subtype.SAH

    measured = measure(label_map)

    assert measured.volumes_ml["SAH"] == pytest.approx(0.25 * (4.0 + 5.5 + 7.0) / 1000)
    assert measured.slice_volumes_ml["SAH"] == pytest.approx([0.001, 0, 0, 0.001375, 0, 0, 0.00175])


def test_total_is_the_sum_of_the_subtypes_and_absent_ones_are_zero():
    grid = head_grid([5.0] * 9)
    first, second = ellipsoid_mask(grid, (-15, 0, 0), (9, 9, 9)), ellipsoid_mask(grid, (15, 0, 0), (6, 6, 6))
    measured = measure(labelled(grid, (Subtype.IPH, first), (Subtype.IVH, second)))

    assert list(measured.volumes_ml) == ["EDH", "SDH", "SAH", "IPH", "IVH", "total"]
    assert measured.volumes_ml["total"] == pytest.approx(measured.volumes_ml["IPH"] + measured.volumes_ml["IVH"])
    assert measured.volumes_ml["EDH"] == 0
    assert measured.present == {"EDH": False, "SDH": False, "SAH": False, "IPH": True, "IVH": True}


def test_blood_without_a_subtype_is_listed_and_counted():
    grid = head_grid([5.0] * 9)
    measured = measure(labelled(grid, (6, ellipsoid_mask(grid, (0, 0, 0), (9, 9, 9)))))

    assert measured.volumes_ml["ICH"] > 1
    assert measured.volumes_ml["total"] == measured.volumes_ml["ICH"]
    assert measured.present["ICH"] is True


def test_no_blood_gives_zeros_and_no_lesion():
    measured = measure(labelled(head_grid([5.0] * 9)))

    assert set(measured.volumes_ml.values()) == {0.0}
    assert not any(measured.present.values())
    assert measured.lesions == ()
    assert measured.largest_lesion is None


def test_lesions_are_connected_regions_largest_first():
    grid = head_grid([5.0] * 19)
    large, small = ellipsoid_mask(grid, (-20, 0, 10), (12, 12, 12)), ellipsoid_mask(grid, (25, 0, -20), (8, 8, 8))
    measured = measure(labelled(grid, (Subtype.IPH, large | small)))

    assert [lesion.subtype for lesion in measured.lesions] == ["IPH", "IPH"]
    assert measured.largest_lesion is measured.lesions[0]
    assert measured.lesions[0].volume_ml == pytest.approx(ellipsoid_ml((12, 12, 12)), rel=0.05)
    assert sum(lesion.volume_ml for lesion in measured.lesions) == pytest.approx(measured.volumes_ml["IPH"])
    blood = np.flatnonzero(large.any(axis=(1, 2)))
    assert measured.lesions[0].slices == (blood[0], blood[-1])
    assert grid.positions_mm[measured.lesions[0].centroid_slice, 2] == pytest.approx(10, abs=2.5)


def test_touching_subtypes_are_separate_lesions():
    grid = head_grid([5.0] * 9)
    body = ellipsoid_mask(grid, (0, 0, 0), (15, 15, 15))
    half = body.copy()
    half[:, :, : grid.shape[2] // 2] = False
    measured = measure(labelled(grid, (Subtype.IPH, body), (Subtype.IVH, half)))

    assert sorted(lesion.subtype for lesion in measured.lesions) == ["IPH", "IVH"]
