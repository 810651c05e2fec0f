# SPDX-License-Identifier: Apache-2.0
"""Slices are laid on the screen by the grid's directions, whatever the order of rows and columns in the file."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.rendering.orientation import DisplayOrientation

L, P, S = np.eye(3)
PLANES = {"axial": (L, P, "RLAP"), "coronal": (L, -S, "RLSI"), "sagittal": (P, -S, "APSI")}
SHAPE = (4, 12, 10)


def grid_with(columns: np.ndarray, rows: np.ndarray) -> SliceGrid:
    normal = np.cross(columns, rows)
    positions = np.arange(SHAPE[0])[:, None] * 5.0 * normal
    return SliceGrid(SHAPE, positions, np.stack([columns, rows]), (0.5, 0.8))


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("signs", list(itertools.product((1, -1), repeat=2)))
@pytest.mark.parametrize("exchanged", [False, True])
def test_sides_lie_where_a_radiologist_expects_them(plane, signs, exchanged):
    right, down, letters = PLANES[plane]
    directions = [signs[0] * right, signs[1] * down]
    grid = grid_with(*(reversed(directions) if exchanged else directions))
    orientation = DisplayOrientation.of(grid)
    indices = np.stack(np.meshgrid([0], np.arange(SHAPE[1]), np.arange(SHAPE[2]), indexing="ij"), axis=-1)
    towards_right = orientation.apply((grid.points_mm(indices) @ right)[0])
    towards_bottom = orientation.apply((grid.points_mm(indices) @ down)[0])

    assert (np.diff(towards_right, axis=1) > 0).all()
    assert (np.diff(towards_bottom, axis=0) > 0).all()
    assert orientation.left + orientation.right + orientation.top + orientation.bottom == letters
    assert np.allclose(np.diff(towards_right, axis=1), orientation.pixel_mm[1])
    assert np.allclose(np.diff(towards_bottom, axis=0), orientation.pixel_mm[0])
    assert orientation.pixel_mm == ((0.8, 0.5) if exchanged else (0.5, 0.8))


def test_oblique_slices_take_the_nearest_plane():
    turn = np.radians(20)
    grid = grid_with(np.array([np.cos(turn), np.sin(turn), 0]), np.array([-np.sin(turn), np.cos(turn), 0]))
    orientation = DisplayOrientation.of(grid)

    assert (orientation.left, orientation.top) == ("R", "A")
    assert (orientation.transpose, orientation.flip_rows, orientation.flip_columns) == (False, False, False)
