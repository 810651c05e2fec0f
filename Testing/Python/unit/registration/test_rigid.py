# SPDX-License-Identifier: Apache-2.0
"""Two scans of one head are brought together; those of two heads are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, head_grid
from builders.moved_head import CLOT_CENTRE_MM, moved_scan, pose_matrix

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.registration import register

pytestmark = pytest.mark.slow

POSE = ((8.0, -5.0, 14.0), (12.0, -18.0, 9.0))
CORNERS_MM = np.array([(x, y, z) for x in (-60, 60) for y in (-75, 75) for z in (-50, 60)], dtype=float)


@pytest.fixture(scope="module")
def a_straight_scan() -> CTVolume:
    """Tilted by 12 deg, 4 mm steps."""
    return moved_scan(None)[0]


def test_a_moved_head_is_found_within_a_millimetre(a_straight_scan):
    """Other slices, no tilt, and a clot that grew by 4 mm all around."""
    found = register(a_straight_scan, moved_scan(POSE, 4.0)[0])
    matrix = pose_matrix(POSE)
    expected = CORNERS_MM @ matrix[:3, :3].T + matrix[:3, 3]

    assert np.linalg.norm(found.to_second(CORNERS_MM) - expected, axis=1).max() < 1.5
    assert found.to_first(found.to_second(CORNERS_MM)) == pytest.approx(CORNERS_MM, abs=1e-6)
    assert found.to_first(matrix[:3, :3] @ CLOT_CENTRE_MM + matrix[:3, 3]) == pytest.approx(CLOT_CENTRE_MM, abs=1)
    assert found.is_good
    assert found.quality > 0.93
    assert found.rotation_deg == pytest.approx(17.2, abs=0.5)


def test_another_head_fits_poorly(a_straight_scan):
    grid = head_grid([5.0] * 27, rows=140, columns=130, spacing_mm=(1.5, 1.5))
    hu = np.full(grid.shape, -1000, np.int16)
    for radii_mm, value in (((64, 80, 76), 20), ((58, 74, 70), 900), ((54, 70, 66), 36), ((22, 20, 30), 4)):
        hu[ellipsoid_mask(grid, (0, 0, 0), radii_mm)] = value
    assert not register(a_straight_scan, CTVolume(hu, grid)).is_good
