# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.scan.grid import SliceGrid


def test_distances_along_the_normal_are_shorter_than_steps_by_the_cosine_of_the_tilt():
    grid = make_grid(steps_mm=[4.0, 4.0, 4.0], tilt_deg=20)
    np.testing.assert_allclose(grid.steps_mm, [4, 4, 4])
    np.testing.assert_allclose(grid.slice_distances_mm, [4 * np.cos(np.radians(20))] * 3)


@pytest.mark.parametrize("tilt_deg", [-25.0, -18.5, 0.0, 10.0, 20.0])
def test_tilt_is_signed_and_independent_of_order_and_flips(tilt_deg):
    grid = make_grid(tilt_deg=tilt_deg)
    turned = [
        SliceGrid(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm),
        SliceGrid(grid.shape, grid.positions_mm, -grid.orientation, grid.spacing_mm),
        SliceGrid(grid.shape, grid.positions_mm, grid.orientation * [[1], [-1]], grid.spacing_mm),
        SliceGrid(grid.shape, grid.positions_mm, grid.orientation[::-1], grid.spacing_mm),
    ]
    assert [round(other.tilt_deg, 6) for other in [grid, *turned]] == [tilt_deg] * 5


def test_a_slice_owns_half_of_each_neighbouring_distance_and_an_end_slice_its_full_one():
    grid = make_grid(steps_mm=[2.0, 2.0, 3.0, 3.5])
    np.testing.assert_allclose(grid.extents_mm, [2.0, 2.0, 2.5, 3.25, 3.5])
    assert grid.gaps == ()


def test_slices_beside_a_gap_own_at_most_one_and_a_half_medians():
    grid = make_grid(steps_mm=[5.0, 5.0, 15.0, 5.0, 5.0])
    assert grid.gaps == (2,)
    np.testing.assert_allclose(grid.extents_mm, [5.0, 5.0, 7.5, 7.5, 5.0, 5.0])


def test_a_gap_before_the_last_slice_caps_the_end_slice_too():
    grid = make_grid(steps_mm=[5.0, 5.0, 5.0, 20.0])
    assert grid.gaps == (3,)
    np.testing.assert_allclose(grid.extents_mm, [5.0, 5.0, 5.0, 7.5, 7.5])


def test_one_missing_slice_owns_no_more_than_its_neighbours_halves():
    grid = make_grid(steps_mm=[5.0, 5.0, 10.0, 5.0, 5.0])
    assert grid.gaps == (2,)
    np.testing.assert_allclose(grid.extents_mm, [5.0, 5.0, 7.5, 7.5, 5.0, 5.0])


def test_a_run_of_three_longer_steps_is_a_protocol_and_two_are_gaps():
    assert make_grid(steps_mm=[4.0] * 6 + [8.0] * 3).gaps == ()
    assert make_grid(steps_mm=[4.0] * 6 + [8.0] * 2).gaps == (6, 7)


def test_distinct_steps_leave_out_gaps_and_a_lone_join():
    grid = make_grid(steps_mm=[4.22] * 5 + [1.14] + [7.38] * 4 + [30.0])
    assert grid.distinct_steps() == [4.22, 7.38]
    assert make_grid(steps_mm=[3.0, 4.0]).distinct_steps() == [3.0, 4.0]
    tilted = make_grid(steps_mm=[4.22] * 3, tilt_deg=18.5)
    assert tilted.distinct_slice_distances() == [4.0]


def test_volume_of_a_sheared_voxel_is_the_determinant_of_its_axes():
    affine = np.array([[0.5, 0.1, 0.3, 7.0], [0.0, 0.6, -1.0, 8.0], [0.05, 0.0, 4.0, 9.0], [0, 0, 0, 1]])
    grid = SliceGrid.from_affine(affine, (4, 8, 6))
    np.testing.assert_allclose(grid.voxel_volumes_mm3, abs(np.linalg.det(affine[:3, :3])), rtol=1e-12)
    np.testing.assert_allclose(grid.affine_ras, affine, atol=1e-12)


def test_affine_maps_indices_to_the_same_points_as_the_positions():
    grid = make_grid(tilt_deg=10, oblique_deg=(5, -7, 11), spacing_mm=(0.7, 0.4))
    indices = np.array([[0, 0, 0], [4, 7, 5], [2, 3, 1]])
    ras = indices[:, ::-1] @ grid.affine_ras[:3, :3].T + grid.affine_ras[:3, 3]
    np.testing.assert_allclose(grid.points_mm(indices), ras * [-1, -1, 1], atol=1e-9)
    np.testing.assert_allclose(grid.points_mm([2, 0, 0]), grid.positions_mm[2])
    np.testing.assert_allclose(grid.points_mm([0.5, 0, 0]), grid.positions_mm[:2].mean(axis=0))


def test_a_grid_is_regular_only_with_equal_steps_on_a_straight_line():
    grid = make_grid(steps_mm=[5.0] * 4, tilt_deg=20)
    assert grid.is_regular
    assert make_grid(steps_mm=[5.0, 5.0, 5.2]).affine_ras is None
    bent = grid.positions_mm.copy()
    bent[2, 0] += 1
    assert not SliceGrid(grid.shape, bent, grid.orientation, grid.spacing_mm).is_regular
    uneven = make_grid(steps_mm=[4.0, 6.0])
    np.testing.assert_allclose(uneven.nearest_affine_ras[:3, 2], [0, 0, 5], atol=1e-12)


def test_matches_within_a_tolerance():
    grid = make_grid()
    moved = SliceGrid(grid.shape, grid.positions_mm + np.array([0, 0, 0.05]), grid.orientation, grid.spacing_mm)
    assert grid.matches(make_grid())
    assert not grid.matches(moved)
    assert grid.matches(moved, tolerance_mm=0.1)
    assert not grid.matches(make_grid(rows=9))


@pytest.mark.parametrize(
    ("orientation", "spacing", "code"),
    [
        ([[1, 0, 0], [0, 0, 0]], (1, 1), "core.grid_values"),
        ([[1, 0, 0], [1, 0, 0]], (1, 1), "core.grid_parallel"),
        ([[1, 0, 0], [0, 1, 0]], (0, 1), "core.grid_values"),
        ([[1, 0, 0], [0, np.nan, 0]], (1, 1), "core.grid_values"),
    ],
)
def test_impossible_directions_and_spacings_are_refused(orientation, spacing, code):
    with raises(ValueError, code):
        SliceGrid((3, 2, 2), np.zeros((3, 3)), np.array(orientation), spacing)


def test_the_extent_of_a_single_slice_is_unknown():
    grid = SliceGrid((1, 2, 2), np.zeros((1, 3)), np.eye(3)[:2], (1, 1))
    with raises(InputError, "core.single_slice"):
        _ = grid.extents_mm


@pytest.mark.parametrize("short_mm", [0.011, 0.02, 0.3, 1.0])
def test_pairs_of_slices_that_nearly_coincide_own_the_whole_stack(short_mm):
    grid = make_grid(steps_mm=([short_mm, 5.0 - short_mm] * 10)[:-1])
    assert grid.gaps == ()
    np.testing.assert_allclose(grid.extents_mm[1:-1], 2.5)
    assert grid.extents_mm.sum() == pytest.approx(50.0 - 5.0 + short_mm + short_mm, abs=1e-9)


def test_a_missing_slice_is_found_among_pairs_that_nearly_coincide():
    steps = [0.3, 4.7] * 5 + [0.3, 9.7] + [0.3, 4.7] * 5
    assert make_grid(steps_mm=steps).gaps == (11,)


def test_jitter_of_a_tenth_of_a_millimetre_makes_no_gaps():
    rng = np.random.default_rng(0)
    steps = np.array([4.22] * 13 + [1.14] + [7.38] * 13)
    jitter = rng.uniform(-0.1, 0.1, len(steps) + 1)
    grid = make_grid(steps_mm=steps + np.diff(jitter), tilt_deg=18.5)
    assert grid.gaps == ()
    regular = make_grid(steps_mm=steps, tilt_deg=18.5)
    assert grid.extents_mm.sum() == pytest.approx(regular.extents_mm.sum(), rel=0.005)


def test_a_slice_that_is_missing_below_a_change_of_the_protocol_is_found():
    assert make_grid(steps_mm=[4.22] * 8 + [8.44] + [4.22] * 6 + [7.38] * 14).gaps == (8,)


def test_a_shift_in_the_plane_is_no_gap():
    grid = make_grid(steps_mm=[5.0] * 6)
    positions = grid.positions_mm.copy()
    positions[3:, 0] += 40.0
    shifted = SliceGrid(grid.shape, positions, grid.orientation, grid.spacing_mm)
    assert shifted.gaps == ()
    np.testing.assert_allclose(shifted.extents_mm, 5.0)


def test_extents_add_up_to_the_span_and_the_end_halves_whatever_the_distances():
    rng = np.random.default_rng(3)
    for _ in range(300):
        distances = rng.choice([0.05, 0.6, 1.0, 2.5, 4.22, 5.0, 7.38, 10.0], size=rng.integers(1, 40))
        grid = make_grid(steps_mm=distances, tilt_deg=float(rng.uniform(-25, 25)))
        along = grid.slice_distances_mm
        whole = along.sum() + (along[0] + along[-1]) / 2
        lost = whole - grid.extents_mm.sum()
        end_halves = sum(along[end] / 2 for end in (0, len(along) - 1) if end in grid.gaps)
        assert -1e-9 <= lost <= along[list(grid.gaps)].sum() + end_halves + 1e-9
        assert grid.gaps or lost == pytest.approx(0, abs=1e-9)


def test_slices_out_of_order_have_no_extents():
    positions = np.array([[0, 0, 0], [0, 0, 10], [0, 0, 5], [0, 0, 15]], dtype=float)
    grid = SliceGrid((4, 2, 2), positions, np.eye(3)[:2], (1, 1))
    with raises(InputError, "core.slices_out_of_order", first=2, second=3):
        _ = grid.extents_mm


@pytest.mark.parametrize("tilt_deg", [0.0, 10.0, 20.0])
@pytest.mark.parametrize("steps_mm", [[1.0] * 60, [5.0] * 12, [2.5] * 12 + [5.0] * 6], ids=["1", "5", "mixed"])
def test_volume_of_an_ellipsoid_of_known_size(tilt_deg, steps_mm):
    radii = np.array([22.0, 25.0, 20.0])
    grid = make_grid(rows=80, columns=80, spacing_mm=(0.8, 0.9), steps_mm=steps_mm, tilt_deg=tilt_deg)
    centre = grid.points_mm(np.array(grid.shape) / 2)
    indices = np.stack(np.indices(grid.shape), axis=-1)
    inside = (((grid.points_mm(indices) - centre) / radii) ** 2).sum(axis=-1) <= 1
    volume_mm3 = float((inside.sum(axis=(1, 2)) * grid.voxel_volumes_mm3).sum())
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * radii.prod(), rel=0.01)
