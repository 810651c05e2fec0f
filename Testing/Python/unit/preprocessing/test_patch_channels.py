# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, head_grid
from builders.patch_heads import BRAIN, a_prepared_head
from builders.simple_head import head_hu
from scipy import ndimage

from ICHSegmentationLib.core.errors import CancelledError
from ICHSegmentationLib.preprocessing.brain import brain_mask
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.patch_channels import patch_channels
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec

PIXEL_MM = 1.6


def a_spec(*, mirrored=True):
    return InputSpec((0.0, 80.0), PIXEL_MM, 128, 0, 3.0, patches=PatchSpec(mirrored=mirrored))


@pytest.fixture(scope="module")
def a_head():
    """Windowed greys of the head of ellipsoids with its clot, and its grid."""
    grid = head_grid([5.0] * 29, rows=128, columns=128, spacing_mm=(PIXEL_MM, PIXEL_MM))
    return a_spec().window(head_hu(grid)), grid


def test_brain_is_all_that_lies_inside_the_skull_clots_above_the_window_included(a_head):
    planes, grid = a_head
    truth = ellipsoid_mask(grid, (0, 0, 0), (66, 81, 70))
    clot = ellipsoid_mask(grid, (-30, 0, 0), (20, 20, 20))
    for shown in (planes, np.where(clot, 1.0, planes)):
        mask = brain_mask(shown, PIXEL_MM)
        assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.98
        assert mask[clot].all()


def test_without_a_skull_there_is_no_brain():
    assert not brain_mask(np.full((5, 64, 64), 0.4), PIXEL_MM).any()
    assert not brain_mask(np.zeros((5, 64, 64)), PIXEL_MM).any()


def test_the_mirrored_side_of_a_symmetric_head_is_the_head():
    volume = a_prepared_head(iph=False, ivh=False)
    spec = InputSpec((0.0, 80.0), 2.5, 64, 0, 3.0, patches=PatchSpec())
    shown = patch_channels(volume.grey.astype(np.float32) / 255, volume.slices_mm, spec)
    inside = ndimage.binary_erosion(shown.brain, structure=np.ones((1, 5, 5)))
    assert inside.sum() > 5000
    np.testing.assert_allclose(shown.values[:, inside], BRAIN / 255, atol=1e-3)


def test_a_clot_is_seen_on_the_other_side_in_the_second_channel(a_head):
    planes, grid = a_head
    shown = patch_channels(planes, np.arange(len(planes)) * 5.0, a_spec())
    x, y, z = 22.0, -10.0, 8.0
    clot, opposite = (ellipsoid_mask(grid, (side * x, y, z), (18, 13, 15)) for side in (1, -1))
    np.testing.assert_allclose(shown.values[0][clot], 60 / 80, atol=1e-6)
    np.testing.assert_allclose(shown.values[1][opposite], 60 / 80, atol=0.01)
    np.testing.assert_allclose(shown.values[1][clot], 30 / 80, atol=0.01)


def test_skull_and_scalp_are_not_shown(a_head):
    planes, grid = a_head
    shown = patch_channels(planes, np.arange(len(planes)) * 5.0, a_spec())
    skull = ~ellipsoid_mask(grid, (0, 0, 0), (76, 91, 200))
    assert shown.values.shape == (2, *planes.shape)
    assert not shown.values[:, skull].any()


def test_without_a_mirrored_channel_there_is_one(a_head):
    planes, _ = a_head
    assert patch_channels(planes, np.arange(len(planes)) * 5.0, a_spec(mirrored=False)).values.shape == (
        1,
        *planes.shape,
    )


def test_the_work_can_be_stopped(a_head):
    planes, _ = a_head

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        patch_channels(planes, np.arange(len(planes)) * 5.0, a_spec(), stop)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"size": (12, 32, 32)}, "preprocessing.patch_size"),
        ({"stride": (8, 15, 15)}, "preprocessing.patch_stride"),
        ({"stride": (7, 0, 15)}, "preprocessing.patch_stride"),
    ],
)
def test_patches_that_cannot_be_used_are_refused(fields, code):
    with raises(ValueError, code, **fields):
        PatchSpec(**fields)
