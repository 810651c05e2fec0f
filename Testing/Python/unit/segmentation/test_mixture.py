# SPDX-License-Identifier: Apache-2.0
"""The mixture finds the Gaussians that values were drawn from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from ICHSegmentationLib.segmentation.mixture import Mixture, fit_mixture

VALUES = np.arange(0, 100, 0.5)
TRUE = Mixture(np.array([0.3, 0.6, 0.1]), np.array([12.0, 33.0, 60.0]), np.array([4.0, 3.0, 6.0]))
COUNTS = 1e6 * sum(
    weight * norm.pdf(VALUES, mean, sd) for weight, mean, sd in zip(TRUE.weights, TRUE.means, TRUE.sds, strict=True)
)
START = Mixture(np.full(3, 1 / 3), np.array([5.0, 30.0, 70.0]), np.full(3, 5.0))


def test_known_gaussians_are_found():
    found = fit_mixture(VALUES, COUNTS, START, sd_range=(1.0, 10.0))
    np.testing.assert_allclose(found.weights, TRUE.weights, atol=0.01)
    np.testing.assert_allclose(found.means, TRUE.means, atol=0.2)
    np.testing.assert_allclose(found.sds, TRUE.sds, atol=0.2)
    shares = found.responsibilities(np.array([33.0, 60.0]))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[0, 1] > 0.99
    assert shares[1, 2] > 0.99


def test_a_small_component_does_not_fall_below_its_floor():
    without = COUNTS - 1e5 * norm.pdf(VALUES, 60, 6)
    assert fit_mixture(VALUES, without, START, sd_range=(1.0, 10.0)).means[2] < 45
    floored = fit_mixture(VALUES, without, START, sd_range=(1.0, 10.0), min_last_mean=48.0)
    assert floored.means[2] == 48.0
    assert floored.weights[2] < 0.001


def test_fixed_components_keep_their_places_and_change_their_shares():
    start = Mixture(np.full(3, 1 / 3), np.array([12.0, 33.0, 70.0]), np.array([4.0, 3.0, 5.0]))
    found = fit_mixture(VALUES, COUNTS, start, sd_range=(1.0, 10.0), fixed=2)
    assert found.means[:2].tolist() == [12.0, 33.0]
    assert found.sds[:2].tolist() == [4.0, 3.0]
    assert found.means[2] == pytest.approx(60, abs=0.2)
    np.testing.assert_allclose(found.weights, TRUE.weights, atol=0.01)


def test_no_voxels_leave_the_start():
    assert fit_mixture(VALUES, np.zeros_like(VALUES), START, sd_range=(1.0, 10.0)) is START
