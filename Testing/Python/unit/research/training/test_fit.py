# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.heads import ball_head
from builders.training import a_configuration, write_squares

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training import loss as loss_module
from ICHSegmentationLib.research.training.data.samples import TrainingVolume, read_anatomy, write_anatomy
from ICHSegmentationLib.research.training.dataset import SliceDataset
from ICHSegmentationLib.research.training.fitting.batches import BatchNumbers, training_batches
from ICHSegmentationLib.research.training.fitting.fit import fit
from ICHSegmentationLib.research.training.processes import Processes

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
ONE = Processes(0, 1, CPU)


@pytest.fixture
def some_files(tmp_path):
    return write_squares(tmp_path)


@pytest.fixture
def a_config(tmp_path):
    return a_configuration(tmp_path, optimisation={"class_weights": (1, 2, 2, 2, 2, 2), "warm_up": 0.5})


def test_volumes_and_anatomy_come_back_as_written(tmp_path, some_files):
    volume = TrainingVolume.read(some_files[0])
    assert volume.labels[1].sum() == 400 * Subtype.IPH
    _, anatomy = ball_head()
    write_anatomy(tmp_path / "anatomy.npz", anatomy)
    again = read_anatomy(tmp_path / "anatomy.npz")
    for name in ("skull", "intracranial", "brain", "csf", "ventricles", "deep"):
        np.testing.assert_array_equal(getattr(again, name), getattr(anatomy, name))
    assert again.spacing_mm == anatomy.spacing_mm


def test_a_sample_depends_on_seed_and_number_only(a_config, some_files):
    first, second = SliceDataset(some_files, a_config), SliceDataset(some_files, a_config)
    ahead = [second[number] for number in (3, 2)]
    for number, sample in zip((3, 2), ahead, strict=True):
        torch.testing.assert_close(first[number]["image"], sample["image"])
        torch.testing.assert_close(first[number]["label"], sample["label"])
    other = SliceDataset(some_files, a_config.model_copy(update={"seed": 8}))
    assert not torch.equal(other[3]["image"], ahead[0]["image"])


def test_subtypes_are_drawn_alike_and_some_slices_have_no_blood(a_config, some_files):
    dataset = SliceDataset(some_files, a_config)
    labels = [dataset[number]["label"] for number in range(60)]
    counts = [sum(bool((label == subtype).any()) for label in labels) for subtype in (Subtype.IPH, Subtype.SDH)]
    assert min(counts) >= 12
    assert sum(not label.any() for label in labels) >= 6


def test_images_stay_in_the_window_and_have_the_neighbours_as_channels(a_config, some_files):
    dataset = SliceDataset(some_files, a_config)
    for number in range(5):
        sample = dataset[number]
        assert sample["image"].shape == (3, 64, 64)
        assert 0 <= sample["image"].min() <= sample["image"].max() <= 1


def test_one_class_for_all_blood_is_taught_as_one_class(tmp_path, some_files):
    config = a_configuration(tmp_path, classes=("background", "ICH"))
    dataset = SliceDataset(some_files, config)
    assert {int(value) for number in range(8) for value in dataset[number]["label"].unique()} == {0, 1}


def test_two_processes_share_the_samples_of_a_step():
    first, second = (iter(BatchNumbers(3, Processes(rank, 2, CPU))) for rank in (0, 1))
    assert [next(first), next(second)] == [[0, 1, 2], [3, 4, 5]]
    assert [next(first), next(second)] == [[6, 7, 8], [9, 10, 11]]
    assert next(iter(BatchNumbers(3, Processes(1, 2, CPU), first=1))) == [9, 10, 11]


def test_batches_are_the_same_however_many_workers_prepare_them(tmp_path, some_files):
    found = []
    for workers in (0, 2):
        config = a_configuration(tmp_path, optimisation={"workers": workers})
        batches = training_batches(some_files, config, ONE)
        found.append([next(batches)["image"] for _ in range(3)])
    for alone, together in zip(*found, strict=True):
        torch.testing.assert_close(alone, together)


@pytest.mark.parametrize(
    "options",
    [
        {"warm_up": 0.5, "class_weights": (1, 2, 2, 2, 2, 2), "accumulate": 2},
        {"schedule": "plateau", "optimiser": "sgd", "plateau_patience": 0, "keep": "best", "loss": "dice_focal"},
    ],
)
def test_an_interrupted_fit_goes_on_to_the_same_weights(tmp_path, some_files, options):
    config = a_configuration(tmp_path, optimisation={**options, "checkpoint_minutes": 1e-9, "steps": 4})
    dropout = {"system": "transhardnet", "network": {**config.network, "embedding": 16, "heads": 2, "mlp": 16}}
    config = config.model_copy(update=dropout)
    straight = fit(config, some_files, tmp_path / "straight.pt", validation=some_files)
    calls, original = [], SliceDataset.__getitem__
    of_three_steps = 3 * 2 * config.optimisation.accumulate

    def failing(self, number):
        calls.append(number)
        if len(calls) > of_three_steps:
            message = "interrupted"
            raise RuntimeError(message)
        return original(self, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SliceDataset, "__getitem__", failing)
        with pytest.raises(RuntimeError, match="interrupted"):
            fit(config, some_files, tmp_path / "resumed.pt", validation=some_files)
    assert torch.load(tmp_path / "resumed.pt", weights_only=True)["progress"]["step"] == 3
    resumed = fit(config, some_files, tmp_path / "resumed.pt", validation=some_files)
    assert (resumed.step, straight.state.keys()) == (straight.step, resumed.state.keys())
    for name, expected in straight.state.items():
        torch.testing.assert_close(resumed.state[name], expected, rtol=1e-4, atol=1e-6)


def test_training_stops_when_the_monitored_figure_no_longer_improves(tmp_path, some_files):
    options = {"steps": 40, "epoch_steps": 1, "patience": 2, "learning_rate": 1e-12, "monitor": "validation_dice"}
    config = a_configuration(tmp_path, data={"validation": ("first",)}, optimisation=options)
    told = []
    fitted = fit(config, some_files[1:], tmp_path / "checkpoint.pt", validation=some_files[:1], report=told.append)
    assert fitted.stopped_early
    assert 3 <= fitted.step < 40
    assert all(state.epoch_ends and set(state.dice) >= {"IPH"} for state in told)
    again = fit(config, some_files[1:], tmp_path / "checkpoint.pt", validation=some_files[:1])
    assert (again.step, again.stopped_early) == (fitted.step, True)


def test_a_longer_fit_lowers_the_loss(tmp_path, some_files):
    options = {"steps": 24, "epoch_steps": 8, "learning_rate": 5e-3, "schedule": "constant", "bleed_share": 1.0}
    config = a_configuration(tmp_path, optimisation=options)
    losses = []
    fit(config, some_files, tmp_path / "a.pt", report=lambda p: losses.append(p.loss) if p.epoch_ends else None)
    assert losses[-1] < losses[0] - 0.1


class _Constant(torch.nn.Module):
    """A loss of one value with one slope everywhere."""

    def __init__(self, value, slope):
        super().__init__()
        self._value, self._slope = value, slope

    def forward(self, logits, _labels):
        loss = (logits - logits.detach()).sum() + self._value
        loss.register_hook(lambda gradient: gradient * self._slope)
        return loss


@pytest.mark.parametrize(
    ("value", "slope", "code"),
    [
        (math.nan, 1.0, "research.loss_not_finite"),
        (1.0, math.inf, "research.gradients_not_finite"),
    ],
)
def test_a_step_that_would_spoil_the_weights_ends_the_fit_and_what_was_written_stays(
    tmp_path, some_files, value, slope, code
):
    # A step that is finished is written at once.
    options = {"warm_up": 0.0, "schedule": "constant", "checkpoint_minutes": 1e-9}
    longer = a_configuration(tmp_path, optimisation=options | {"steps": 3})
    fit(a_configuration(tmp_path, optimisation=options | {"steps": 1}), some_files, tmp_path / "run.pt")
    before = (tmp_path / "run.pt").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loss_module, "segmentation_loss", lambda *_: _Constant(value, slope))
        with raises(InputError, code, step=2):
            fit(longer, some_files, tmp_path / "run.pt")
    assert (tmp_path / "run.pt").read_bytes() == before
    fitted = fit(longer, some_files, tmp_path / "run.pt")
    assert fitted.step == 3
    assert all(values.isfinite().all() for values in fitted.state.values())


def test_in_float16_a_step_whose_gradients_overflow_is_left_out(tmp_path, some_files, monkeypatch):
    options = {"warm_up": 0.0, "schedule": "constant", "checkpoint_minutes": 1e-9, "precision": "float16"}
    fit(a_configuration(tmp_path, optimisation=options | {"steps": 1}), some_files, tmp_path / "run.pt")
    before = torch.load(tmp_path / "run.pt", weights_only=True)
    monkeypatch.setattr(loss_module, "segmentation_loss", lambda *_: _Constant(1.0, math.inf))
    fit(a_configuration(tmp_path, optimisation=options | {"steps": 2}), some_files, tmp_path / "run.pt")
    after = torch.load(tmp_path / "run.pt", weights_only=True)
    assert after["progress"]["step"] == 2
    assert after["scaler"]["scale"] < before["scaler"]["scale"]
    name = "head.weight"
    torch.testing.assert_close(after["network"][name], before["network"][name], rtol=0, atol=0)


def test_a_damaged_checkpoint_is_named(tmp_path, a_config, some_files):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"nothing")
    with raises(InputError, "research.damaged_checkpoint"):
        fit(a_config, some_files, path)
