# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from ICHSegmentationLib.subtypes import Subtype
from ICHSegmentationLib.training.clot import IGNORE
from ICHSegmentationLib.training.config import TrainingConfig
from ICHSegmentationLib.training.dataset import SliceDataset
from ICHSegmentationLib.training.fit import fit
from ICHSegmentationLib.training.loss import DiceCrossEntropy
from ICHSegmentationLib.training.samples import TrainingVolume, read_anatomy, write_anatomy


@pytest.fixture
def a_config(tmp_path):
    return TypeAdapter(TrainingConfig).validate_python(
        {
            "seed": 7,
            "system": "hardnet",
            "preset": "compact",
            "input": {
                "window_hu": (0.0, 80.0),
                "pixel_mm": 0.8,
                "size_px": 64,
                "neighbours": 1,
                "neighbour_distance_mm": 5.0,
            },
            "data": {
                "folder": tmp_path,
                "phe_sich": tmp_path,
                "anatomy": tmp_path,
                "held_out": [],
                "excluded": {},
                "painted_per_case": 0,
                "procedural_heads": 0,
            },
            "optimisation": {
                "batch": 2,
                "crop_px": 64,
                "steps": 4,
                "learning_rate": 1e-3,
                "weight_decay": 0.0,
                "warm_up": 0.5,
                "ema_decay": 0.5,
                "class_weights": (1, 2, 2, 2, 2, 2),
                "bleed_share": 0.75,
                "checkpoint_minutes": 60.0,
            },
        }
    )


@pytest.fixture
def some_files(tmp_path):
    """Two volumes: a square of IPH on slice 1 of one, of SDH on slice 2 of the other."""
    files = []
    for number, subtype in enumerate((Subtype.IPH, Subtype.SDH)):
        grey = np.full((4, 64, 64), 90, dtype=np.uint8)
        labels = np.zeros_like(grey)
        labels[number + 1, 20:40, 20:40] = subtype
        grey[labels > 0] = 190
        files.append(tmp_path / f"{number}.npz")
        TrainingVolume(grey, labels, np.arange(4) * 5.0).write(files[-1])
    return files


def first_samples(dataset, count):
    stream = iter(dataset)
    return [next(stream) for _ in range(count)]


def test_volumes_and_anatomy_come_back_as_written(tmp_path, some_files):
    from builders.heads import ball_head

    volume = TrainingVolume.read(some_files[0])
    assert volume.labels[1].sum() == 400 * Subtype.IPH
    _, anatomy = ball_head()
    write_anatomy(tmp_path / "anatomy.npz", anatomy)
    again = read_anatomy(tmp_path / "anatomy.npz")
    for name in ("skull", "intracranial", "brain", "csf", "ventricles", "deep"):
        np.testing.assert_array_equal(getattr(again, name), getattr(anatomy, name))
    assert again.spacing_mm == anatomy.spacing_mm


def test_the_stream_of_slices_is_the_same_for_the_same_seed_and_can_be_entered_later(a_config, some_files):
    whole = first_samples(SliceDataset(some_files, a_config), 4)
    later = first_samples(SliceDataset(some_files, a_config, start=2), 2)
    for expected, sample in zip(whole[2:], later, strict=True):
        torch.testing.assert_close(sample["image"], expected["image"])
        torch.testing.assert_close(sample["label"], expected["label"])


def test_subtypes_are_drawn_alike_and_some_slices_have_no_blood(a_config, some_files):
    labels = [sample["label"] for sample in first_samples(SliceDataset(some_files, a_config), 60)]
    counts = [sum(bool((label == subtype).any()) for label in labels) for subtype in (Subtype.IPH, Subtype.SDH)]
    assert min(counts) >= 12
    assert sum(not label.any() for label in labels) >= 6


def test_images_stay_in_the_window_and_have_the_neighbours_as_channels(a_config, some_files):
    for sample in first_samples(SliceDataset(some_files, a_config), 5):
        assert sample["image"].shape == (3, 64, 64)
        assert 0 <= sample["image"].min() <= sample["image"].max() <= 1


def test_ignored_voxels_do_not_change_the_loss():
    logits = torch.randn((2, 6, 16, 16), generator=torch.Generator().manual_seed(3))
    labels = torch.zeros((2, 1, 16, 16), dtype=torch.long)
    labels[:, :, :8, :8] = Subtype.IPH
    labels[:, :, 8:] = IGNORE
    changed = logits.clone()
    changed[:, :, 8:] += 5 * torch.randn((2, 6, 8, 16), generator=torch.Generator().manual_seed(4))
    loss = DiceCrossEntropy()
    torch.testing.assert_close(loss(logits, labels), loss(changed, labels))


def test_a_perfect_answer_has_hardly_any_loss():
    labels = torch.arange(6).repeat_interleave(8).reshape(1, 1, 6, 8)
    logits = 30.0 * torch.nn.functional.one_hot(labels[:, 0], 6).permute(0, 3, 1, 2).float()
    assert float(DiceCrossEntropy()(logits, labels)) < 1e-3


def test_an_interrupted_fit_goes_on_to_the_same_weights(tmp_path, a_config, some_files):
    straight = fit(a_config, some_files, tmp_path / "straight" / "checkpoint.pt", report=lambda _: None)

    hasty = a_config.optimisation.model_copy(update={"checkpoint_minutes": 1e-9})
    config = a_config.model_copy(update={"optimisation": hasty})
    original = SliceDataset._slice
    calls = []

    def failing(self, rng):
        calls.append(rng)
        if len(calls) > 4:
            message = "interrupted"
            raise RuntimeError(message)
        return original(self, rng)

    checkpoint = tmp_path / "resumed" / "checkpoint.pt"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SliceDataset, "_slice", failing)
        with pytest.raises(RuntimeError, match="interrupted"):
            fit(config, some_files, checkpoint, report=lambda _: None)
    assert torch.load(checkpoint, weights_only=True)["step"] == 2
    resumed = fit(config, some_files, checkpoint, report=lambda _: None)
    assert straight.keys() == resumed.keys()
    for name, expected in straight.items():
        torch.testing.assert_close(resumed[name], expected, rtol=1e-4, atol=1e-6)
