# SPDX-License-Identifier: Apache-2.0
"""The pose of a head in its slices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders.turned_scans import tilted, turned_in_plane, upside_down, with_mirrored_pixels

from ICHSegmentationLib.anatomy.head_pose import find_pose
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.research.simulation import SimulatedCT


def _difference_deg(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


@pytest.mark.parametrize("turn_deg", [0, 45, 90, 135, 180, 270])
def test_turn_in_the_slices_is_found(a_head: SimulatedCT, turn_deg: int) -> None:
    own = find_pose(a_head.volume)
    pose = find_pose(turned_in_plane(a_head.volume, turn_deg))
    assert abs(own.turn_deg) < 20
    assert own.tilt_deg < 20
    assert pose.found
    assert _difference_deg(pose.turn_deg - own.turn_deg, turn_deg) < 12
    assert pose.tilt_deg < 20


def test_upside_down_is_found(a_head: SimulatedCT) -> None:
    assert find_pose(upside_down(a_head.volume)).tilt_deg > 150


@pytest.mark.parametrize("axis", ["x", "y"])
def test_tilt_is_found(a_head: SimulatedCT, axis: str) -> None:
    own, pose = find_pose(a_head.volume), find_pose(tilted(a_head.volume, axis, 30))
    between = own.rotation @ pose.rotation.T
    assert np.degrees(np.arccos((np.trace(between) - 1) / 2)) == pytest.approx(30, abs=12)


def test_true_headers_give_the_same_pose(a_head: SimulatedCT) -> None:
    own, mirrored = find_pose(a_head.volume), find_pose(with_mirrored_pixels(a_head.volume))
    assert mirrored.turn_deg == pytest.approx(own.turn_deg, abs=4)
    assert mirrored.tilt_deg == pytest.approx(own.tilt_deg, abs=4)


def test_prone_head_with_true_headers_is_upright(a_head: SimulatedCT) -> None:
    volume, grid = turned_in_plane(a_head.volume, 180), a_head.volume.grid
    last = grid.points_mm(np.array([[number, grid.shape[1] - 1, grid.shape[2] - 1] for number in range(grid.shape[0])]))
    prone = replace(volume, grid=SliceGrid(grid.shape, last, -grid.orientation, grid.spacing_mm))
    assert find_pose(prone).turn_deg == pytest.approx(find_pose(a_head.volume).turn_deg, abs=4)


def test_volume_without_a_head_is_taken_as_it_lies(a_head: SimulatedCT) -> None:
    air = CTVolume(np.full(a_head.volume.grid.shape, -1000, dtype=np.int16), a_head.volume.grid)
    pose = find_pose(air)
    assert pose.found
    np.testing.assert_array_equal(pose.rotation, np.eye(3))
