# SPDX-License-Identifier: Apache-2.0
"""Points in the patient are taken to the right place in the stack, and back."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import head_grid

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.registration.sampling import indices_at, values_at

UNEVEN = head_grid([4.22] * 6 + [1.14] + [7.38] * 5, tilt_deg=18.5, oblique_deg=(3, 14, -8), rows=20, columns=30)


def reversed_stack(grid: SliceGrid) -> SliceGrid:
    return SliceGrid(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm)


@pytest.mark.parametrize("grid", [UNEVEN, reversed_stack(UNEVEN)], ids=["up", "down"])
def test_indices_are_the_inverse_of_points(grid):
    indices = np.random.default_rng(0).uniform((0, -3, -3), np.array(grid.shape) - 1, (200, 3))
    assert indices_at(grid, grid.points_mm(indices)) == pytest.approx(indices, abs=1e-9)


def test_beyond_the_ends_the_last_step_goes_on():
    grid = head_grid([4.0] * 3 + [7.0] * 3, rows=10, columns=10)
    beyond = np.array([grid.positions_mm[0] - [0, 0, 2.0], grid.positions_mm[-1] + [0, 0, 3.5]])
    assert indices_at(grid, beyond)[:, 0] == pytest.approx([-0.5, 6.5])


def test_a_linear_field_is_sampled_exactly_and_outside_is_marked():
    """HU that rise along the patient's axes are right wherever they are asked for."""
    slope = np.array([1.5, -2.0, 3.0])
    indices = np.stack(np.meshgrid(*map(np.arange, UNEVEN.shape), indexing="ij"), axis=-1)
    field = (UNEVEN.points_mm(indices) @ slope).astype(np.float32)
    inside = UNEVEN.points_mm(np.random.default_rng(1).uniform(0, np.array(UNEVEN.shape) - 1, (100, 3)))

    assert values_at(field, UNEVEN, inside, outside=-1.0) == pytest.approx(inside @ slope, abs=1e-2)
    assert values_at(field, UNEVEN, np.array([[500.0, 0, 0]]), outside=-1.0).tolist() == [-1.0]


def test_labels_take_the_nearest_voxel():
    grid = head_grid([5.0] * 4, rows=10, columns=10, spacing_mm=(1.0, 1.0))
    labels = np.zeros(grid.shape, np.uint8)
    labels[2, 5, 5] = 4
    near = grid.points_mm(np.array([[2.4, 5.4, 4.6], [2.6, 5, 5]]))
    found = values_at(labels, grid, near, outside=0, nearest=True)
    assert found.dtype == np.uint8
    assert found.tolist() == [4, 0]
