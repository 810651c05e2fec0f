# SPDX-License-Identifier: Apache-2.0
"""What the simulated scanner does to clean planes."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.research.simulation.procedural.scanner import labels_of_planes, scan

SPACING_MM = (5.0, 0.8, 0.8)


def test_a_slice_is_the_mean_of_its_planes() -> None:
    planes = np.repeat([0, 100, 40, 60, -200, 0], 64 * 64).reshape(6, 64, 64).astype(np.float32)
    out = scan(planes, np.random.default_rng(0), planes_per_slice=2, spacing_mm=SPACING_MM, noise_hu=0, blur_mm=0)
    assert out.dtype == np.int16
    np.testing.assert_array_equal(out[:, 20, 20], [50, 50, -100])
    assert np.ptp(out[0]) == 0


def test_noise_is_correlated_without_bias_and_of_the_size_asked_for() -> None:
    planes = np.full((4, 128, 128), 30, np.float32)
    out = scan(planes, np.random.default_rng(1), planes_per_slice=1, spacing_mm=SPACING_MM, noise_hu=4, blur_mm=0.5)
    assert out.mean() == pytest.approx(30, abs=0.2)
    assert 2.5 < out.std() < 4.5
    centred = out[0] - out[0].mean()
    neighbours = np.mean(centred[:, 1:] * centred[:, :-1]) / centred.var()
    assert 0.15 < neighbours < 0.8


def test_blur_softens_an_edge_and_keeps_its_place() -> None:
    planes = np.zeros((1, 64, 64), np.float32)
    planes[:, :, 32:] = 100
    out = scan(planes, np.random.default_rng(0), planes_per_slice=1, spacing_mm=SPACING_MM, noise_hu=0, blur_mm=0.8)[0]
    assert out[20, 31] + out[20, 32] == pytest.approx(100, abs=1)
    assert 20 < out[20, 31] < 40
    np.testing.assert_array_equal(out[20, [10, 50]], [0, 100])


def test_bone_brightens_what_lies_beside_it() -> None:
    planes = np.full((1, 128, 128), 30, np.float32)
    planes[:, :, :8] = 1200
    out = scan(planes, np.random.default_rng(0), planes_per_slice=1, spacing_mm=SPACING_MM, noise_hu=0, blur_mm=0)[0]
    assert 1 <= out[64, 14] - 30 <= 8
    assert out[64, 100] == 30


@pytest.mark.parametrize(
    ("planes", "expected"),
    [((0, 0), 0), ((4, 0), 4), ((4, 5), 4), ((3, 3), 3), ((0, 1, 0), 0), ((0, 1, 2, 2), 2), ((5, 0, 0, 0), 0)],
)
def test_a_slice_is_labelled_where_half_of_it_is_blood(planes: tuple[int, ...], expected: int) -> None:
    labels = np.array(planes, np.uint8).reshape(-1, 1, 1)
    assert labels_of_planes(labels, len(planes)).item() == expected
