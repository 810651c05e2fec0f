# SPDX-License-Identifier: Apache-2.0
"""Side, place and midline of a head that lies turned in its slices are those of the upright head."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_volume
from builders.turned_scans import turned_in_plane, upside_down
from scipy import ndimage

from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit, fit_atlas
from ICHSegmentationLib.anatomy.lesion_location import LesionLocation
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.research.simulation import simulated_ct

_LEFT, _RIGHT = (slice(12, 16), slice(50, 58), slice(66, 72)), (slice(12, 16), slice(44, 50), slice(36, 42))


@pytest.fixture(scope="module")
def a_head() -> CTVolume:
    return simulated_ct(4, shape=(30, 112, 112), spacing_mm=(5.0, 2.0, 2.0)).volume


@pytest.fixture(scope="module")
def labels(a_head: CTVolume) -> np.ndarray:
    """Blood in the left half, larger and further back, and in the right half."""
    found = np.zeros(a_head.grid.shape, dtype=np.uint8)
    found[_LEFT] = found[_RIGHT] = Subtype.IPH
    return found


def _brain(volume: CTVolume) -> AtlasFit:
    found = fit_atlas(volume)
    assert isinstance(found, AtlasFit)
    return found


@pytest.mark.parametrize("turn_deg", [-40, 90, 130, 180])
def test_lesions_stay_on_their_side_and_in_their_region(a_head: CTVolume, labels: np.ndarray, turn_deg: int) -> None:
    upright = measure(LabelMap(labels, a_head.grid), a_head)
    turned = turned_in_plane(a_head, turn_deg)
    moved = np.ascontiguousarray(ndimage.rotate(labels, turn_deg, axes=(1, 2), order=0))
    found = measure(LabelMap(moved, turned.grid), turned)
    assert [lesion.location.side for lesion in upright.lesions if lesion.location] == ["left", "right"]
    assert [lesion.location.side for lesion in found.lesions if lesion.location] == ["left", "right"]
    brains = _brain(a_head), _brain(turned)
    places = [
        brain.coordinates(np.argwhere(one == Subtype.IPH)).mean(axis=0)
        for one, brain in zip((labels, moved), brains, strict=True)
    ]
    np.testing.assert_allclose(places[1], places[0], atol=6)


def test_no_side_is_given_to_a_head_that_seems_upside_down(a_head: CTVolume, labels: np.ndarray) -> None:
    turned = upside_down(a_head)
    found = measure(LabelMap(np.ascontiguousarray(np.flip(labels, axis=(0, 2))), turned.grid), turned)
    assert [lesion.location for lesion in found.lesions] == [LesionLocation()] * 2

    # An ellipsoid has no forehead; its clot is on the left, and was once reported on the right.
    grid = head_grid([4.0] * 13 + [1.0] + [7.0] * 13, tilt_deg=18.5, rows=110, columns=100, spacing_mm=(1.9, 1.8))
    clot = labelled(grid, (Subtype.IPH, ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)))
    (lesion,) = measure(clot, head_volume(grid)).lesions
    assert lesion.location == LesionLocation()


@pytest.mark.parametrize("turn_deg", [40, 100])
def test_midline_of_a_turned_head(a_head: CTVolume, labels: np.ndarray, turn_deg: int) -> None:
    upright = measure(LabelMap(labels, a_head.grid), a_head).midline_shift
    turned = turned_in_plane(a_head, turn_deg)
    found = measure(LabelMap(np.zeros(turned.grid.shape, dtype=np.uint8), turned.grid), turned).midline_shift
    assert upright is not None
    assert found is not None
    assert (found.toward, found.slice) == (upright.toward, upright.slice)
    assert upright.shift_mm is not None
    assert upright.shift_mm > 0.3
    assert found.shift_mm == pytest.approx(upright.shift_mm, abs=0.3)


def test_end_points_of_the_midline_turn_with_the_head(a_head: CTVolume, labels: np.ndarray) -> None:
    upright = measure(LabelMap(labels, a_head.grid), a_head).midline_shift
    turned = turned_in_plane(a_head, 180)
    found = measure(LabelMap(np.zeros_like(labels), turned.grid), turned).midline_shift
    assert upright is not None
    assert upright.septum_lps_mm is not None
    assert found is not None
    x, y, z = upright.septum_lps_mm
    assert found.septum_lps_mm == pytest.approx((-x, -y, z), abs=1)
