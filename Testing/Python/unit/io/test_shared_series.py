# SPDX-License-Identifier: Apache-2.0
"""The two real series, whose geometry is known from their positions and orientations."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.reader import read_ct


@pytest.fixture(scope="module")
def a_ge_head_ct(shared_data):
    return read_ct(shared_data / "ge-head-ct")


@pytest.fixture(scope="module")
def a_philips_phantom(shared_data):
    return read_ct(shared_data / "philips-skull-phantom")


def test_ge_steps_distances_and_tilt(a_ge_head_ct):
    grid = a_ge_head_ct.grid
    assert grid.shape == (28, 512, 512)
    assert grid.spacing_mm == (0.4882812, 0.4882812)
    assert grid.tilt_deg == pytest.approx(18.5, abs=1e-4)
    np.testing.assert_allclose(grid.steps_mm, [4.22] * 13 + [1.14] + [7.38] * 13, atol=1e-6)
    cosine = 0.9483237
    np.testing.assert_allclose(
        grid.slice_distances_mm, np.array([4.22] * 13 + [1.14] + [7.38] * 13) * cosine, rtol=1e-6
    )
    assert grid.distinct_steps() == [4.22, 7.38]
    assert grid.distinct_slice_distances() == [4.0, 7.0]
    assert grid.gaps == ()
    assert grid.affine_ras is None


def test_ge_slices_own_the_whole_stack(a_ge_head_ct):
    extents = a_ge_head_ct.grid.extents_mm
    low, join, high = (step * 0.9483237 for step in (4.22, 1.14, 7.38))
    expected = [low] * 13 + [(low + join) / 2, (join + high) / 2] + [high] * 13
    np.testing.assert_allclose(extents, expected, rtol=1e-6)
    # Each end slice owns half a distance more than reaches its neighbour.
    assert extents.sum() == pytest.approx(13 * low + join + 13 * high + low / 2 + high / 2, rel=1e-6)


def test_ge_values_positions_and_files(a_ge_head_ct):
    assert (a_ge_head_ct.hu.min(), a_ge_head_ct.hu.max()) == (-1024, 2121)
    assert [path.name for path in a_ge_head_ct.source.files] == [f"{number:02d}.dcm" for number in range(1, 29)]
    np.testing.assert_allclose(a_ge_head_ct.grid.positions_mm[0], [-125, -123.5404569, 5.8360586])
    assert a_ge_head_ct.source.tags["kernel"] == "STD+"


def test_ge_warnings(a_ge_head_ct):
    assert a_ge_head_ct.warnings == (
        message("io.tilted", tilt_deg=18.5),
        message("io.steps_vary", steps="4.22, 7.38"),
        message("io.single_steps_differ", steps="1.14 mm between slices 14 and 15"),
        message("io.padding"),
    )


def test_philips_is_a_regular_stack_with_the_same_tilt(a_philips_phantom):
    grid = a_philips_phantom.grid
    assert grid.shape == (54, 512, 512)
    assert grid.tilt_deg == pytest.approx(18.5, abs=1e-4)  # although GantryDetectorTilt says -18.5
    assert grid.distinct_steps() == [2.5]
    np.testing.assert_allclose(grid.slice_distances_mm, 2.5 * 0.9483237, rtol=1e-6)
    expected = [
        [-0.482421875, 0, 0, 123.5],
        [0, -0.482421875 * 0.9483237, 0, 15.64097],
        [0, -0.482421875 * 0.3173047, 2.5, 742.345191756896],
        [0, 0, 0, 1],
    ]
    np.testing.assert_allclose(grid.affine_ras, expected, atol=1e-6)
    assert a_philips_phantom.warnings == (message("io.tilted", tilt_deg=18.5),)


def test_no_patient_data_in_what_is_kept(a_philips_phantom):
    assert "PLASTIC" not in str(a_philips_phantom.source.tags)
    assert "2015" not in str(a_philips_phantom.source.tags)
