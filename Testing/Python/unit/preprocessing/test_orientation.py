# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from builders.affine_files import AXIS_ORDERS
from builders.grids import make_grid

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

# Feet to head, front to back, right to left, in LPS.
CANONICAL_LPS = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]])


def reordered(order, flips):
    """A grid of 4 x 5 x 6 voxels whose (slice, row, column) axes run along the given patient axes."""
    axes = np.eye(3)[list(order)] * np.where(flips, -1, 1)[:, None]
    along, rows, columns = axes
    positions = np.arange(4)[:, None] * 2.0 * along
    return SliceGrid((4, 5, 6), positions, np.stack([columns, rows]), (1.0, 0.5))


@pytest.mark.parametrize(("order", "flips"), AXIS_ORDERS)
def test_every_axis_order_becomes_feet_to_head_front_to_back_right_to_left(order, flips):
    grid = reordered(order, flips)
    orientation = CanonicalOrientation.of(grid)
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    points = np.stack([orientation.apply(axis) for axis in np.moveaxis(grid.points_mm(indices), -1, 0)], axis=-1)
    for axis, direction in enumerate(CANONICAL_LPS):
        steps = np.diff(points, axis=axis)
        np.testing.assert_allclose(
            steps / np.linalg.norm(steps, axis=-1, keepdims=True), np.broadcast_to(direction, steps.shape)
        )
        positions = points.reshape(-1, 3)[::1] @ direction
        np.testing.assert_allclose(np.unique(positions.round(6)) - positions.min(), orientation.coordinates_mm[axis])


@pytest.mark.parametrize(("order", "flips"), AXIS_ORDERS)
def test_invert_undoes_apply(order, flips):
    orientation = CanonicalOrientation.of(reordered(order, flips))
    array = np.arange(120).reshape(4, 5, 6)
    np.testing.assert_array_equal(orientation.invert(orientation.apply(array)), array)


def test_uneven_steps_keep_their_distances_also_when_flipped():
    grid = make_grid(steps_mm=[4.0, 4.0, 7.0])
    flipped = SliceGrid(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm)
    np.testing.assert_allclose(CanonicalOrientation.of(grid).coordinates_mm[0], [0, 4, 8, 15])
    np.testing.assert_allclose(CanonicalOrientation.of(flipped).coordinates_mm[0], [0, 4, 8, 15])


def test_a_tilted_oblique_stack_takes_the_nearest_axes():
    orientation = CanonicalOrientation.of(make_grid(tilt_deg=20, oblique_deg=(10, -15, 25)))
    assert orientation.axes == (0, 1, 2)
    assert orientation.flips == (False, False, False)
