# SPDX-License-Identifier: Apache-2.0
"""Box around what is bright at a point."""

from __future__ import annotations

import numpy as np
import pytest
from builders.grids import make_grid

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.segmentation.boxes.bright_region import box_around_bright

BRAIN, BLOOD, BONE = 32, 60, 900
CLOT = np.s_[5:8, 28:36, 30:42]


@pytest.fixture
def a_scan():
    """Brain in air, 12 slices of 5 mm with pixels of 1 mm, with noise of 3 HU and a clot of 12 x 8 x 15 mm."""
    grid = make_grid(rows=80, columns=80, spacing_mm=(1.0, 1.0), steps_mm=(5.0,) * 11)
    noise = np.random.default_rng(0).normal(0, 3, grid.shape)
    hu = np.full(grid.shape, -1000.0)
    hu[:, 5:75, 5:75] = BRAIN + noise[:, 5:75, 5:75]
    hu[CLOT] = BLOOD + noise[CLOT]
    return CTVolume(hu.astype(np.int16), grid)


def region(box, grid):
    return box.voxels(grid).region


def test_the_box_holds_the_clot_with_a_margin_of_3_mm(a_scan):
    box = box_around_bright(a_scan, (6, 31, 35), "IPH")
    assert (box.subtype, box.confidence, box.slices) == ("IPH", 1.0, (5, 7))
    assert region(box, a_scan.grid) == np.s_[5:8, 25:39, 27:45]


def test_a_click_beside_the_clot_finds_it_and_a_click_far_from_it_finds_nothing(a_scan):
    assert box_around_bright(a_scan, (6, 26, 35), "IPH").slices == (5, 7)
    assert box_around_bright(a_scan, (6, 55, 35), "IPH") is None


def test_blood_along_the_skull_is_found_without_the_bone(a_scan):
    a_scan.hu[:, 5:9] = BONE
    a_scan.hu[4:7, 9:15, 20:60] = BLOOD
    box = box_around_bright(a_scan, (5, 12, 40), "SDH")
    first, last = region(box, a_scan.grid)[1].start, region(box, a_scan.grid)[1].stop
    assert (box.slices, first >= 6, last) == ((4, 6), True, 18)


def test_a_lesion_that_is_known_is_left_out_and_a_click_on_it_refused(a_scan):
    labels = np.zeros(a_scan.hu.shape, dtype=np.uint8)
    labels[5:8, 28:36, 30:36] = 4
    taken = LabelMap(labels, a_scan.grid)
    box = box_around_bright(a_scan, (6, 31, 40), "SAH", taken)
    assert region(box, a_scan.grid)[2] == slice(33, 45)
    with pytest.raises(InputError, match="labelled already"):
        box_around_bright(a_scan, (6, 31, 32), "SAH", taken)


@pytest.mark.parametrize("voxel", [(-1, 30, 30), (12, 30, 30), (6, 80, 30), (6, 30, -1)])
def test_a_point_outside_the_scan_is_refused(a_scan, voxel):
    with pytest.raises(InputError, match="outside the scan"):
        box_around_bright(a_scan, voxel, "IPH")


def test_the_box_stays_inside_the_image_and_within_reach(a_scan):
    a_scan.hu[6] = BLOOD
    box = box_around_bright(a_scan, (6, 2, 40), "EDH")
    rows, columns = region(box, a_scan.grid)[1:]
    assert (rows.start, rows.stop <= 2 + 30 + 1 + 3) == (0, True)
    assert columns.stop - columns.start <= 2 * 33 + 1


def test_the_box_holds_the_clot_on_unevenly_spaced_and_tilted_slices(a_scan):
    grid = make_grid(rows=80, columns=80, spacing_mm=(1.0, 1.0), steps_mm=(2.5,) * 5 + (7.5,) * 6, tilt_deg=15.0)
    box = box_around_bright(CTVolume(a_scan.hu, grid), (6, 31, 35), "IPH")
    found, inside = box.voxels(grid)
    whole = np.zeros(grid.shape, dtype=bool)
    whole[found] = inside
    assert whole[CLOT].all()
    assert box.slices == (5, 7)
