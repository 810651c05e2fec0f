# SPDX-License-Identifier: Apache-2.0
import pytest
from builders.errors import raises
from builders.label_maps import head_grid
from builders.simple_head import head_volume

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.slices import prepare_slices

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
