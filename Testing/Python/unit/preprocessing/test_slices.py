# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from builders.errors import raises
from builders.label_maps import head_grid
from builders.simple_head import head_volume

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.slices import prepare_slices, select_slices

SPEC = InputSpec(window_hu=(0.0, 80.0), pixel_mm=1.6, size_px=128, neighbours=0, neighbour_distance_mm=5.0)


def prepared(*, force=False, **grid):
    return prepare_slices(head_volume(head_grid([5.0] * 33, spacing_mm=(1.6, 1.6), **grid)), SPEC, force=force)


def test_a_head_that_the_image_border_cuts_off_is_said():
    assert prepared(rows=80, columns=72).warnings == (message("preprocessing.cut_off"),)
    assert prepared(rows=130, columns=112).warnings == ()


@pytest.mark.parametrize(("rows", "columns"), [(1, 100), (100, 1), (31, 100), (100, 31)])
def test_slices_of_few_rows_or_columns_are_refused_even_if_forced(rows, columns):
    with raises(InputError, "preprocessing.too_few_pixels", rows=rows, columns=columns, minimum=32):
        prepared(rows=rows, columns=columns, force=True)


@pytest.mark.parametrize(
    ("slices_mm", "expected"),
    [
        (np.arange(6) * 5.0, range(6)),
        (np.arange(6) * 2.5, range(6)),
        (np.arange(7) * 1.0, [0, 3, 6]),
        (np.array([0.0, 4.22, 8.44, 15.82, 23.2]), range(5)),
        (np.array([0.0, 1.0, 2.0, 3.0, 10.0, 11.0]), [0, 3, 4]),
        (np.array([0.0]), [0]),
    ],
)
def test_thick_slices_are_shown_as_they_are_and_thin_ones_thinned_out(slices_mm, expected):
    np.testing.assert_array_equal(select_slices(slices_mm, 2.25), list(expected))


def test_slices_that_are_not_shown_take_the_probabilities_between_those_that_are():
    volume = head_volume(head_grid([1.0] * 160, spacing_mm=(1.6, 1.6), rows=130, columns=112))
    all_slices, some = (prepare_slices(volume, SPEC, min_mm=min_mm) for min_mm in (0.0, 2.0))
    np.testing.assert_array_equal(some.slice_numbers, all_slices.shown)
    np.testing.assert_array_equal(some.shown, all_slices.shown[::2])
    np.testing.assert_allclose(some.images, all_slices.images[::2], atol=1e-6)
    # A disc whose probability of blood rises along the stack from 0 to 1 is blood from its middle on.
    rising = np.linspace(0.0, 1.0, len(some.shown), dtype=np.float32)
    probabilities = np.zeros((len(rising), 2, 128, 128), dtype=np.float32)
    probabilities[:, 1, 50:80, 50:80] = rising[:, None, None]
    probabilities[:, 0] = 1 - probabilities[:, 1]
    blood = some.restore(probabilities).classes.any(axis=(1, 2))
    expected = np.interp(np.arange(len(blood)), some.shown, rising) > 0.5
    expected[: some.shown[0]] = False
    expected[some.slice_numbers[-1] + 1 :] = False
    np.testing.assert_array_equal(blood, expected)
