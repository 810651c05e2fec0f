# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch

from ICHSegmentationLib.research.training.data.beam_hardening import RandBeamHardeningd


@pytest.fixture
def a_slice():
    """Brain at 0.4 of the window between two walls of bone."""
    image = torch.full((3, 96, 96), 0.4)
    image[:, :, :10] = image[:, :, -10:] = 1.0
    return image


def test_brain_grows_brighter_towards_bone_and_not_in_the_middle(a_slice):
    transform = RandBeamHardeningd("image", prob=1.0, strength=(0.3, 0.3), sigma_px=(6, 6))
    changed = np.asarray(transform({"image": a_slice})["image"])[1, 48]
    # Beside an edge half of a blurred half plane is left, but for the wall's own ten pixels.
    assert changed[10] - 0.4 == pytest.approx(0.3 * 0.42, abs=0.02)
    assert changed[48] == pytest.approx(0.4, abs=1e-3)
    assert (np.diff(changed[10:48]) <= 1e-6).all()


def test_the_same_seed_gives_the_same_change(a_slice):
    def once():
        transform = RandBeamHardeningd("image", prob=0.5, strength=(0, 0.4), sigma_px=(4, 20))
        transform.set_random_state(3)
        return [np.asarray(transform({"image": a_slice})["image"]) for _ in range(6)]

    first, second = once(), once()
    np.testing.assert_array_equal(first, second)
    assert 0 < sum(np.allclose(image, a_slice) for image in first) < 6
