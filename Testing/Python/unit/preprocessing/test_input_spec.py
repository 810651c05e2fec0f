# SPDX-License-Identifier: Apache-2.0
"""What a network is shown of the HU: the same of real HU and of data that were clipped before."""

import numpy as np
import pytest
from builders.errors import raises, raises_invalid
from builders.simple_head import model_entry

from ICHSegmentationLib.preprocessing.input_spec import InputSpec

PIXELS = {"pixel_mm": 0.8, "size_px": 256, "neighbours": 0, "neighbour_distance_mm": 5.0}
HU = np.array([-1000, -60, -5, 0, 40, 80, 100, 140, 900], dtype=np.int16)


def values(**changes):
    spec = InputSpec(**({"window_hu": (0.0, 80.0)} | PIXELS | changes))
    return spec.network_values(spec.window(HU))


def test_without_more_words_the_window_becomes_0_to_1():
    np.testing.assert_allclose(values(), [0, 0, 0, 0, 0.5, 1, 1, 1, 1])


def test_a_window_wider_than_the_data_keeps_its_scale_and_sees_no_more_than_the_data():
    expected = (np.clip(HU, 0, 80) + 60) / 200
    np.testing.assert_allclose(values(window_hu=(-60.0, 140.0), clip_hu=(0.0, 80.0)), expected, atol=1e-6)


def test_a_z_score_is_taken_of_the_window():
    found = values(window_hu=(0.0, 100.0), clip_hu=(0.0, 80.0), z_score=(0.2, 0.25))
    np.testing.assert_allclose(found, (np.clip(HU, 0, 80) / 100 - 0.2) / 0.25, atol=1e-6)


def test_data_that_were_clipped_before_look_the_same():
    spec = InputSpec((-60.0, 140.0), **PIXELS, clip_hu=(0.0, 80.0), z_score=(0.3, 0.1))
    np.testing.assert_array_equal(spec.window(HU), spec.window(np.clip(HU, 0, 80)))


@pytest.mark.parametrize("clip_hu", [(-10.0, 80.0), (0.0, 120.0), (50.0, 50.0)])
def test_a_range_that_is_no_part_of_the_window_is_refused(clip_hu):
    with raises(ValueError, "preprocessing.clip_outside_window", clip_hu=clip_hu):
        InputSpec((0.0, 100.0), **PIXELS, clip_hu=clip_hu)
    with raises_invalid("preprocessing.clip_outside_window", clip_hu=clip_hu):
        model_entry(window_hu=(0.0, 100.0), clip_hu=clip_hu)


def test_a_z_score_needs_a_deviation():
    with raises(ValueError, "preprocessing.z_score_deviation"):
        InputSpec((0.0, 100.0), **PIXELS, z_score=(0.2, 0.0))


def test_a_model_of_an_earlier_version_is_shown_what_it_was():
    assert model_entry().input_spec == InputSpec((0.0, 80.0), 1.6, 128, 1, 5.0)
