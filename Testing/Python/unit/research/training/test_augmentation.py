# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from ICHSegmentationLib.research.training.config import AugmentationSection
from ICHSegmentationLib.research.training.data.augmentation import SliceAugmentation, as_neighbours

NONE = {"flip": 0, "affine": 0, "intensities": False}
BLOCK = slice(20, 30), slice(12, 24)  # off centre, and longer than wide


def a_slice(grey: int = 200) -> tuple[np.ndarray, np.ndarray]:
    image, label = np.full((3, 64, 64), 90, dtype=np.uint8), np.zeros((64, 64), dtype=np.uint8)
    image[(slice(None), *BLOCK)] = grey
    label[BLOCK] = 2
    return image, label


def varied(
    image: np.ndarray, label: np.ndarray, *, seed: int = 0, crop_px: int = 64, **options: float
) -> tuple[np.ndarray, np.ndarray]:
    settings = AugmentationSection(**{**NONE, **options})
    augmentation = SliceAugmentation(settings, crop_px, range_hu=(0.0, 80.0))
    return augmentation(image, label, np.random.default_rng(seed))


def test_without_variation_the_slice_is_returned_as_it_is():
    image, label = a_slice()
    found, classes = varied(image, label)
    np.testing.assert_allclose(found, image / 255, atol=1e-6)
    np.testing.assert_array_equal(classes, label)


def test_a_flip_mirrors_left_and_right_of_all_channels_and_the_label():
    image, label = a_slice()
    found, classes = varied(image, label, flip=1)
    np.testing.assert_allclose(found, image[:, :, ::-1] / 255, atol=1e-6)
    np.testing.assert_array_equal(classes, label[:, ::-1])


def test_a_crop_is_a_part_of_the_slice_and_lies_at_random():
    image, label = a_slice()
    parts = {
        (row, column): (
            image[:, row : row + 40, column : column + 40] / 255,
            label[row : row + 40, column : column + 40],
        )
        for row in range(25)
        for column in range(25)
    }
    places = set()
    for seed in range(20):
        found, classes = varied(image, label, seed=seed, crop_px=40)
        place = [p for p, (a, b) in parts.items() if np.allclose(a, found, atol=1e-6) and np.array_equal(b, classes)]
        assert place
        places.add(place[0])
    assert len(places) > 10


@pytest.mark.parametrize("seed", range(10))
def test_an_affine_change_moves_image_and_label_together(seed):
    image, label = a_slice()
    found, classes = varied(image, label, seed=seed, affine=1, rotate_rad=0.5, scale=0.2, shear=0.1, translate_px=6)
    bright = found[1] > (90 + 200) / 2 / 255
    assert (bright & (classes == 2)).sum() >= 0.9 * max(bright.sum(), (classes == 2).sum())
    # Area changes by the product of the scales, apart from what leaves the crop.
    assert 0.5 * label.sum() < classes.sum() < 1.6 * label.sum()


def test_a_rotation_turns_about_the_centre_by_at_most_its_range():
    image = np.zeros((1, 65, 65), dtype=np.uint8)
    image[0, 32, 52:55] = 255
    angles = []
    for seed in range(40):
        found, _ = varied(image, image[0], seed=seed, crop_px=65, affine=1, rotate_rad=0.5, scale=0, shear=0,
                          translate_px=0)  # fmt: skip
        weights = found[0] / found[0].sum()
        row, column = (float((weights * axis).sum()) for axis in np.mgrid[:65, :65])
        assert np.hypot(row - 32, column - 32) == pytest.approx(21, abs=0.3)
        angles.append(np.arctan2(row - 32, column - 32))
    assert max(np.abs(angles)) <= 0.51
    assert min(angles) < -0.2
    assert max(angles) > 0.2


def test_noise_has_at_most_its_standard_deviation_and_is_alike_where_the_channels_are():
    flat, nothing = np.full((3, 128, 128), 128, dtype=np.uint8), np.zeros((128, 128), dtype=np.uint8)
    settings = AugmentationSection(**{**NONE, "intensities": True, "noise_hu": 8.0})
    augmentation = SliceAugmentation(settings, 128, range_hu=(0.0, 80.0))
    other = flat.copy()
    other[0] += 1
    deviations = []
    for seed in range(80):
        found, _ = augmentation(flat, nothing, np.random.default_rng(seed))
        np.testing.assert_array_equal(found[0], found[1])
        deviations.append(found[1].std() * 80)
        apart, _ = augmentation(other, nothing, np.random.default_rng(seed))
        if apart[1].std() * 80 > 1:
            assert abs(np.corrcoef(apart[0].ravel(), apart[1].ravel())[0, 1]) < 0.1
    assert 6 < max(deviations) < 8 * 2.2  # a sharp kernel and gain raise it
    assert sum(deviation < 0.1 for deviation in deviations) > 20


def test_beam_hardening_changes_the_brain_beside_bone_and_not_far_from_it():
    image, nothing = np.full((1, 192, 192), 100, dtype=np.uint8), np.zeros((192, 192), dtype=np.uint8)
    image[:, :, :20] = 255
    settings = AugmentationSection(**{**NONE, "intensities": True, "noise_hu": 0})
    augmentation = SliceAugmentation(settings, 192, range_hu=(0.0, 80.0))
    near, far = [], []
    for seed in range(60):
        found, _ = augmentation(image, nothing, np.random.default_rng(seed))
        plane = found[0][96]
        near.append(plane[24] - plane[150])
        far.append(plane[120] - plane[150])
    assert max(near) > 0.1
    assert np.abs(far).max() < 1e-3


def test_the_same_numbers_give_the_same_sample():
    image, label = a_slice()
    options = {"flip": 0.5, "affine": 1, "intensities": True}
    first, second = (varied(image, label, seed=3, **options) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert not np.array_equal(first[0], varied(image, label, seed=4, **options)[0])


def test_stand_ins_for_neighbours_are_nearly_the_slice():
    plane = a_slice()[0][0]
    planes = as_neighbours(plane, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(planes[1], plane)
    for other in planes[[0, 2]]:
        bright = other > 145
        true = plane > 145
        assert 0.4 < (bright & true).sum() / (bright | true).sum() < 1
