# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ICHSegmentationLib.anatomy.brain_frame import BrainFrame
from ICHSegmentationLib.anatomy.midplane import with_symmetric_midplane

SLICES_MM = np.arange(24) * 5.0
ROWS, COLUMN_MM = 110, 1.6
TURN = np.deg2rad(3.0)
NORMAL = np.array([np.cos(TURN), -np.sin(TURN), 0.0])
CENTRE = np.array([88.0, 88.0, 50.0])


def a_turned_skull(row_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inside of a skull, narrow in front, turned by 3 degrees about CENTRE: mask, indices and mm of its surface."""
    z, y, x = np.meshgrid(SLICES_MM, np.arange(ROWS) * row_mm, np.arange(ROWS) * COLUMN_MM, indexing="ij")
    across = (x - CENTRE[0]) * NORMAL[0] + (y - CENTRE[1]) * NORMAL[1]
    along = (y - CENTRE[1]) * NORMAL[0] - (x - CENTRE[0]) * NORMAL[1]
    inside = (across / (60 + 0.1 * along)) ** 2 + (along / 75) ** 2 + ((z - CENTRE[2]) / 65) ** 2 < 1
    edge = inside & ~ndimage.binary_erosion(inside, structure=np.ones((1, 3, 3)))
    surface = np.argwhere(edge)[::7]
    return inside, surface, np.stack([surface[:, 2] * COLUMN_MM, surface[:, 1] * row_mm, surface[:, 0] * 5.0], axis=-1)


def a_frame(shift_mm: float) -> BrainFrame:
    """Not turned, its plane beside the skull's, 1.1 of brain coordinates per mm."""
    matrix = 1.1 * np.diag([1.0, -1.0, 1.0])
    centre = np.array([0.0, -20.0, 10.0])
    return BrainFrame(matrix, centre - matrix @ (CENTRE + np.array([shift_mm, 0, 0])), 1.0)


@pytest.mark.parametrize("row_mm", [1.6, 1.75])
def test_the_plane_becomes_the_skull_s_own(row_mm: float):
    """Points 60 mm before and behind the middle of the plane and 30 mm to its left."""
    inside, surface, lps = a_turned_skull(row_mm)
    frame = with_symmetric_midplane(a_frame(2.5), inside, (SLICES_MM, row_mm, COLUMN_MM), surface, lps)
    along = np.array([-NORMAL[1], NORMAL[0], 0.0])
    points = np.stack([CENTRE - 60 * along, CENTRE + 60 * along, CENTRE + 30 * NORMAL])
    assert frame.coordinates(points)[:, 0] == pytest.approx([0, 0, 33], abs=0.4)
    assert frame.scale_x == pytest.approx(1.1)
    # To the front and up it moves no more than by the turn.
    assert frame.coordinates(CENTRE)[1:] == pytest.approx([-20, 10], abs=0.5)
    assert frame.matrix @ frame.matrix.T == pytest.approx(1.21 * np.eye(3), abs=1e-6)


def test_a_plane_far_from_the_model_s_is_not_believed():
    inside, surface, lps = a_turned_skull(1.6)
    frame = a_frame(14.0)
    assert with_symmetric_midplane(frame, inside, (SLICES_MM, 1.6, COLUMN_MM), surface, lps) is frame
