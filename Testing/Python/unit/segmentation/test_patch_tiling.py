# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.segmentation.patch_tiling import averaged_probabilities, cut_patch, patch_starts

SIZE, STRIDE = (8, 16, 16), (3, 7, 7)


def covered(starts, shape):
    count = np.zeros(shape, dtype=int)
    for start in starts:
        box = tuple(slice(max(at, 0), max(at + side, 0)) for at, side in zip(start, SIZE, strict=True))
        count[box] += 1
    return count


def averaged(brain, predict, **options):
    channels = brain[None].astype(np.float32)
    return averaged_probabilities(channels, brain, predict, classes=2, size=SIZE, stride=STRIDE, **options)


@pytest.mark.parametrize("shape", [(1, 5, 7), (3, 40, 12), (20, 50, 60)])
def test_every_voxel_of_a_brain_of_any_size_is_seen_more_than_once_along_each_axis(shape):
    count = covered(patch_starts(np.ones(shape, dtype=bool), SIZE, STRIDE), shape)
    assert count.min() >= 2**3


def test_the_border_is_seen_as_often_as_the_inside():
    count = covered(patch_starts(np.ones((21, 49, 49), dtype=bool), SIZE, STRIDE), (21, 49, 49))
    # The patches do not divide evenly by the stride: along an axis a voxel lies in two or three.
    assert {int(value) for value in np.unique(count)} <= {8, 12, 18, 27}
    assert {int(value) for value in np.unique(count[0])} == {int(value) for value in np.unique(count[10])}


def test_only_patches_that_hold_brain_are_run():
    brain = np.zeros((20, 80, 80), dtype=bool)
    brain[2, 3, 3] = brain[18, 70, 75] = True
    starts = patch_starts(brain, SIZE, STRIDE)
    assert 0 < len(starts) < 2 * 4**3
    assert all(cut_patch(brain, start, SIZE).any() for start in starts)


def test_patches_beyond_the_volume_are_filled():
    volume = np.arange(2 * 3 * 4).reshape(2, 3, 4) + 1
    patch = cut_patch(volume, (-1, 2, 3), (4, 2, 2), outside=-9)
    expected = np.full((4, 2, 2), -9)
    expected[1:3, 0, 0] = volume[:, 2, 3]
    np.testing.assert_array_equal(patch, expected)
    np.testing.assert_array_equal(cut_patch(volume, (5, 0, 0), (1, 2, 2)), np.zeros((1, 2, 2)))


def test_probabilities_of_overlapping_patches_are_averaged():
    brain = np.ones((10, 30, 30), dtype=bool)
    numbers = iter(range(10_000))

    def predict(patches):
        blood = np.array([next(numbers) for _ in patches], dtype=np.float32)
        return np.broadcast_to(
            np.stack([1 - blood, blood], axis=1)[:, :, None, None, None], (len(patches), 2, *SIZE)
        ).copy()

    found = averaged(brain, predict)
    starts = patch_starts(brain, SIZE, STRIDE)
    for voxel in ((0, 0, 0), (5, 14, 3), (9, 29, 29)):
        seen = [
            number
            for number, start in enumerate(starts)
            if all(at <= where < at + side for at, where, side in zip(start, voxel, SIZE, strict=True))
        ]
        assert found[(1, *voxel)] == pytest.approx(np.mean(seen))
        assert found[(0, *voxel)] == pytest.approx(1 - np.mean(seen), rel=1e-4)


def test_what_is_outside_the_brain_is_background():
    brain = np.zeros((4, 20, 20), dtype=bool)
    brain[1:3, 5:15, 5:15] = True
    found = averaged(brain, lambda patches: np.stack([0 * patches[:, 0], 0 * patches[:, 0] + 1], axis=1))
    np.testing.assert_array_equal(found[1] > 0.5, brain)
    np.testing.assert_array_equal(found.sum(axis=0), np.ones(brain.shape))


def test_without_a_brain_nothing_is_run():
    found = averaged(np.zeros((4, 20, 20), dtype=bool), lambda _: pytest.fail("the network was run"))
    assert (found[0] == 1).all()
    assert not found[1].any()
