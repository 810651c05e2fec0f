# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from ICHSegmentationLib.preprocessing.interpolation import interpolate, interpolation_matrix

UNEVEN_MM = np.array([0.0, 4.0, 8.0, 9.0, 16.0, 23.0])


@pytest.mark.parametrize("width_mm", [0.0, 2.0, 30.0])
def test_weights_of_every_target_sum_to_one(width_mm):
    weights = interpolation_matrix(UNEVEN_MM, np.linspace(-5, 30, 50), width_mm=width_mm)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


def test_a_linear_function_is_reproduced_between_uneven_samples():
    targets = np.array([0.0, 1.0, 8.5, 12.5, 23.0])
    np.testing.assert_allclose(
        interpolation_matrix(UNEVEN_MM, targets) @ (3 * UNEVEN_MM + 1), 3 * targets + 1, rtol=1e-6
    )


def test_targets_outside_repeat_the_end_samples():
    values = np.arange(6.0) + 10
    np.testing.assert_array_equal(interpolation_matrix(UNEVEN_MM, np.array([-9.0, 99.0])) @ values, [10, 15])


def test_a_width_below_the_step_changes_nothing():
    targets = np.array([2.0, 12.0])
    np.testing.assert_array_equal(
        interpolation_matrix(UNEVEN_MM, targets, width_mm=4.0), interpolation_matrix(UNEVEN_MM, targets)
    )


def test_thin_samples_are_averaged_over_the_width():
    thin = np.arange(11.0)
    weights = interpolation_matrix(thin, np.array([5.0]), width_mm=5.0)[0]
    np.testing.assert_allclose(weights, np.clip(1 - np.abs(thin - 5) / 5, 0, None) / 5, atol=1e-6)


def test_dense_samples_do_not_outweigh_sparse_ones():
    source = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 5.0, 10.0])
    centre = interpolation_matrix(source, np.array([0.35]), width_mm=8.0)[0] @ source
    plain_mean = (np.clip(1 - np.abs(source - 0.35) / 8, 0, None) * source).sum() / np.clip(
        1 - np.abs(source - 0.35) / 8, 0, None
    ).sum()
    assert centre > plain_mean + 0.5


def test_a_single_sample_is_repeated():
    np.testing.assert_array_equal(interpolation_matrix(np.array([3.0]), np.array([0.0, 9.0])), [[1], [1]])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_interpolating_along_an_axis_is_the_product_with_the_weights(axis):
    targets = np.array([-9.0, 0.0, 1.0, 4.0, 8.5, 12.5, 23.0, 99.0])
    values = np.random.default_rng(0).random((6, 6, 6), dtype=np.float32)
    expected = np.moveaxis(np.tensordot(interpolation_matrix(UNEVEN_MM, targets), values, axes=(1, axis)), 0, axis)
    found = interpolate(values, UNEVEN_MM, targets, axis)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
