# SPDX-License-Identifier: Apache-2.0
"""Several systems train on one folder of prepared data, each shown it in its own way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.training import INPUT, a_configuration, write_squares
from scipy import ndimage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.midline_alignment import MidlineAlignment
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.research.training.dataset import SliceDataset
from ICHSegmentationLib.research.training.fitting.optimisation import build_optimiser, learning_rate_factor
from ICHSegmentationLib.research.training.prepare import prepare, prepared_files
from ICHSegmentationLib.research.training.train import CHECKPOINT_NAME, CONFIG_NAME, check_training

WIDE = INPUT | {"window_hu": (-60.0, 140.0), "clip_hu": (0.0, 80.0)}
NO_AUGMENTATION = {"flip": 0.0, "affine": 0.0, "intensities": False}
TURN_DEG, SHIFT_PX = 14.0, 5


def a_turned_head() -> TrainingVolume:
    """Twelve slices of a head that is turned and shifted, with a bleed on its left."""
    y, x = np.mgrid[:64, :64] - 31.5
    turn = np.deg2rad(TURN_DEG)
    across = np.cos(turn) * (x - SHIFT_PX) - np.sin(turn) * y
    along = np.sin(turn) * (x - SHIFT_PX) + np.cos(turn) * y
    grey, labels = np.zeros((12, 64, 64), np.uint8), np.zeros((12, 64, 64), np.uint8)
    for number in range(12):
        size = 1 - 0.08 * abs(number - 5.5) / 5.5
        radius = (across / (18 * size)) ** 2 + (along / (25 * size)) ** 2
        grey[number, radius < 1] = 100
        grey[number, (radius < 1) & (radius > 0.75)] = 255
        grey[number, (np.abs(across) < 1) & (along < -8) & (radius < 0.7)] = 140  # falx
        blood = (across - 8) ** 2 + along**2 < 9
        grey[number, blood], labels[number, blood] = 190, Subtype.IPH
    return TrainingVolume(grey, labels, np.arange(12) * 10.0)


def test_a_volume_is_set_upright_with_its_labels():
    upright = a_turned_head().aligned(2.5)
    place = np.array(ndimage.center_of_mass(upright.labels == Subtype.IPH))[1:]
    # The middle of the image is the foot of the old middle on the midline.
    np.testing.assert_allclose(place, [31.5 + SHIFT_PX * np.sin(np.deg2rad(TURN_DEG)), 31.5 + 8], atol=0.5)
    again = MidlineAlignment.of(upright.grey / np.float32(255), upright.slices_mm, 2.5).plane
    assert again.turn_deg == pytest.approx(0, abs=0.5)
    assert again.shift_mm == pytest.approx(0, abs=0.6)
    assert (upright.labels > 0).sum() == pytest.approx((a_turned_head().labels > 0).sum(), rel=0.15)


def test_aligned_volumes_are_derived_once_from_the_prepared_ones(tmp_path):
    files = write_squares(tmp_path)
    for path in files:
        a_turned_head().write(path)
    config = a_configuration(tmp_path, input={"align_midline": True})
    with raises(InputError, "research.missing_volumes", count=2):
        prepared_files(config)

    found = prepare(config)

    assert found.training == (tmp_path / "aligned/real/first.npz", tmp_path / "aligned/real/second.npz")
    expected = a_turned_head().aligned(2.5)
    np.testing.assert_array_equal(TrainingVolume.read(found.training[0]).grey, expected.grey)
    np.testing.assert_array_equal(TrainingVolume.read(found.training[0]).labels, expected.labels)
    assert prepared_files(a_configuration(tmp_path)).training == tuple(files)


def test_a_folder_serves_wider_windows_other_neighbours_and_alignment(tmp_path):
    write_squares(tmp_path)
    for changes in ({}, WIDE, {"neighbours": 0}, {"z_score": (0.2, 0.3)}):
        assert len(prepared_files(a_configuration(tmp_path, input=changes)).training) == 2
    for changes in ({"window_hu": (0.0, 100.0)}, WIDE | {"clip_hu": (0.0, 90.0)}, {"pixel_mm": 2.0}):
        with raises(InputError, "research.prepared_with_another_input"):
            prepared_files(a_configuration(tmp_path, input=changes))


def test_samples_are_what_the_network_takes(tmp_path):
    files = write_squares(tmp_path)
    config = a_configuration(tmp_path, input=WIDE | {"z_score": (0.5, 0.2)}, augmentation=NO_AUGMENTATION)
    images = [SliceDataset(files, config)[number]["image"] for number in range(8)]
    found = torch.unique(torch.cat([image[1].flatten() for image in images])).numpy()
    greys = np.array([90, 190]) / 255 * 80
    np.testing.assert_allclose(found, ((greys + 60) / 200 - 0.5) / 0.2, atol=1e-5)


def test_crops_of_aligned_heads_keep_the_midline_in_the_middle(tmp_path):
    volume = a_turned_head().aligned(2.5)
    wide = TrainingVolume(*(np.pad(array, ((0, 0), (32, 32), (32, 32))) for array in (volume.grey, volume.labels)),
                          volume.slices_mm)  # fmt: skip
    wide.write(tmp_path / "wide.npz")
    shape = {"size_px": 128, "align_midline": True}
    config = a_configuration(tmp_path, input=shape, augmentation=NO_AUGMENTATION)
    rows, columns = [], []
    for number in range(12):
        blood = SliceDataset([tmp_path / "wide.npz"], config)[number]["label"][0] > 0
        if blood.any():
            place = np.argwhere(blood.numpy()).mean(axis=0)
            rows.append(place[0])
            columns.append(place[1])
    np.testing.assert_allclose(columns, 39.5, atol=1.2)
    assert np.ptp(rows) > 5


def test_rmsprop_and_exponential_decay_are_torchs_and_by_epoch(tmp_path):
    changes = {"optimiser": "rmsprop", "schedule": "exponential", "epoch_factor": 0.9, "steps": 100, "epoch_steps": 10}
    options = a_configuration(tmp_path, optimisation=changes).optimisation
    optimiser = build_optimiser(options, [torch.nn.Parameter(torch.zeros(1))])
    assert isinstance(optimiser, torch.optim.RMSprop)
    assert [learning_rate_factor(options, step) for step in (0, 9, 10, 35)] == pytest.approx([1, 1, 0.9, 0.9**3])


def test_a_run_of_an_earlier_version_goes_on_with_what_it_did_not_know(tmp_path):
    import yaml

    config = a_configuration(tmp_path)
    saved = config.model_dump(mode="json")
    del saved["augmentation"]
    for name in ("clip_hu", "z_score", "align_midline"):
        del saved["input"][name]
    run = tmp_path / "run"
    run.mkdir()
    (run / CONFIG_NAME).write_text(yaml.safe_dump(saved), encoding="utf-8")
    (run / CHECKPOINT_NAME).touch()

    check_training(config, run)

    with raises(InputError, "research.run_of_another_setting", setting="augmentation.flip"):
        check_training(a_configuration(tmp_path, augmentation={"flip": 0.0}), run)
