# SPDX-License-Identifier: Apache-2.0
"""Distance fields and noise that heads are built of."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.anatomy.distance_fields import (
    HeadFrame,
    ellipsoid,
    level_distance,
    linear_matrix,
    noise_at,
    smooth_noise,
    smooth_union,
    tube,
)


@pytest.fixture
def a_frame() -> HeadFrame:
    axes = [np.arange(-40, 41, 2, dtype=np.float32)] * 3
    s, a, x = np.meshgrid(*axes, indexing="ij")
    return HeadFrame(x, a, s, (2.0, 2.0, 2.0))


def test_the_distance_to_a_sphere_is_exact(a_frame: HeadFrame) -> None:
    distance = ellipsoid(a_frame, (4, 0, -6), (20, 20, 20))
    expected = np.sqrt((a_frame.x - 4) ** 2 + a_frame.a**2 + (a_frame.s + 6) ** 2) - 20
    away = expected > -19
    np.testing.assert_allclose(distance[away], expected[away], atol=1e-3)


def test_a_tube_is_a_chain_of_capsules_on_both_sides(a_frame: HeadFrame) -> None:
    distance = tube(a_frame, ((20, -10, 0), (20, 10, 0)), (4, 4))
    centre = 20
    assert distance[centre, centre, centre + 10] == pytest.approx(-4)
    assert distance[centre, centre, centre - 10] == pytest.approx(-4)
    assert distance[centre, centre, centre] == pytest.approx(16)
    assert distance[centre, centre + 10, centre + 10] == pytest.approx(6)


def test_a_smooth_union_rounds_the_seam_only() -> None:
    first, second = np.array([0.0, -5.0, 9.0]), np.array([0.0, 9.0, -5.0])
    np.testing.assert_allclose(smooth_union(first, second, 4.0), [-1.0, -5.0, -5.0])


def test_smooth_noise_has_unit_variance_and_the_asked_for_scale(a_frame: HeadFrame) -> None:
    coarse = smooth_noise(np.random.default_rng(3), a_frame, 20)
    fine = smooth_noise(np.random.default_rng(3), a_frame, 5)
    assert coarse.std() == pytest.approx(1, abs=0.01)
    slopes = [np.abs(np.diff(field, axis=2)).mean() for field in (coarse, fine)]
    assert slopes[1] / slopes[0] == pytest.approx(4, rel=0.3)
    np.testing.assert_array_equal(coarse, smooth_noise(np.random.default_rng(3), a_frame, 20))


def test_noise_at_points_does_not_depend_on_the_other_points_order() -> None:
    points = [np.linspace(-30, 50, 200, dtype=np.float32) * k for k in (1, 0.5, -0.7)]
    there = noise_at(np.random.default_rng(2), points, 8.0)
    back = noise_at(np.random.default_rng(2), [p[::-1] for p in points], 8.0)
    np.testing.assert_allclose(there, back[::-1], rtol=1e-4, atol=1e-5)
    assert there.std() == pytest.approx(1, abs=0.01)


def test_level_distance_turns_a_slope_into_millimetres(a_frame: HeadFrame) -> None:
    np.testing.assert_allclose(level_distance(0.05 * (a_frame.x - 3), a_frame.spacing_mm), a_frame.x - 3, atol=1e-3)


def test_linear_interpolation_keeps_straight_lines_and_ends() -> None:
    weights = linear_matrix(9, 5)
    np.testing.assert_allclose(weights @ np.arange(5), np.arange(9) / 2, atol=1e-6)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
