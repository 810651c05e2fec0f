# SPDX-License-Identifier: Apache-2.0
"""Patches for training: what is kept beside the volumes, where patches are drawn, and the fit of a network of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.patch_heads import (
    BLOOD,
    BRAIN,
    IPH_BOX,
    IVH_BOX,
    PATCHES,
    SHAPE,
    a_patch_configuration,
    a_prepared_head,
    write_heads,
)

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.data_folder import DataFolder
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.research.training.fitting.fit import fit
from ICHSegmentationLib.research.training.patches import volume as patch_volume
from ICHSegmentationLib.research.training.patches.dataset import PatchDataset
from ICHSegmentationLib.research.training.patches.places import PatchPlaces
from ICHSegmentationLib.research.training.patches.validation import patch_labels
from ICHSegmentationLib.research.training.patches.volume import PatchVolume, make_mirrored

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@pytest.fixture
def some_heads(tmp_path: Path) -> list[Path]:
    """With IPH and IVH, with IVH alone, with neither."""
    return write_heads(tmp_path)


def centres(dataset: PatchDataset, count: int) -> list[tuple[int, tuple[int, ...]]]:
    """Where the first patches lie: volume and voxel."""
    drawn = (dataset._place(np.random.default_rng([1, number])) for number in range(count))
    return [(volume, tuple(int(at) for at in np.unravel_index(flat, SHAPE))) for volume, flat in drawn]


def lies_in(voxel, box) -> bool:
    return all(part.start <= at < part.stop for at, part in zip(voxel, box, strict=True))


def test_a_volume_has_the_stripped_scan_and_its_opposite_side(tmp_path, some_heads):
    volume = PatchVolume.read(some_heads[0], a_patch_configuration(tmp_path))
    assert volume.values.shape == (2, *SHAPE)
    assert set(np.unique(volume.values[0])) == {0, BRAIN, BLOOD}
    assert not volume.values[0][~volume.brain].any()
    mirrored = (IPH_BOX[0], IPH_BOX[1], slice(64 - IPH_BOX[2].stop, 64 - IPH_BOX[2].start))
    inner = (slice(3, 4), slice(22, 26), slice(mirrored[2].start + 2, mirrored[2].stop - 2))
    assert np.abs(volume.values[1][inner].astype(int) - BLOOD).max() <= 2
    assert np.abs(volume.values[0][inner].astype(int) - BRAIN).max() == 0


def test_blood_of_the_ventricles_is_background_and_doubtful_voxels_are_left_out(tmp_path, some_heads):
    head = a_prepared_head()
    head.labels[0, 30:34, 30:34] = IGNORE
    head.write(some_heads[0])
    config = a_patch_configuration(tmp_path)
    classes = PatchVolume.read(some_heads[0], config).classes(config)
    assert (classes[IPH_BOX] == 1).all()
    assert (classes[IVH_BOX] == 0).all()
    assert (classes == 1).sum() == 3 * 8 * 8
    assert (classes == IGNORE).sum() == 16


def test_the_opposite_side_is_found_once(tmp_path, some_heads, monkeypatch):
    config = a_patch_configuration(tmp_path)
    make_mirrored(config, some_heads)
    assert all(DataFolder(tmp_path).mirrored(path).exists() for path in some_heads)
    first = PatchVolume.read(some_heads[0], config)
    monkeypatch.setattr(patch_volume, "patch_channels", lambda *_: pytest.fail("searched again"))
    again = PatchVolume.read(some_heads[0], config)
    np.testing.assert_array_equal(again.values, first.values)
    np.testing.assert_array_equal(again.brain, first.brain)
    alone = a_patch_configuration(tmp_path, input={"neighbours": 0, "patches": PATCHES | {"mirrored": False}})
    np.testing.assert_array_equal(PatchVolume.read(some_heads[0], alone).values, first.values[:1])


@pytest.mark.parametrize("fault", ["other", "damaged"])
def test_what_is_kept_of_another_volume_or_damaged_is_made_anew(tmp_path, some_heads, fault):
    config = a_patch_configuration(tmp_path)
    make_mirrored(config, some_heads)
    kept = DataFolder(tmp_path).mirrored(some_heads[2])
    expected = PatchVolume.read(some_heads[0], config)
    a_prepared_head().write(some_heads[2])
    if fault == "damaged":
        kept.write_bytes(kept.read_bytes()[:100])
    np.testing.assert_array_equal(PatchVolume.read(some_heads[2], config).values, expected.values)


def test_thin_slices_are_thinned_out_with_their_labels(tmp_path):
    head = a_prepared_head()
    path = DataFolder(tmp_path).real("thin")
    TrainingVolume(head.grey, head.labels, np.arange(SHAPE[0]) * 1.5).write(path)
    volume = PatchVolume.read(path, a_patch_configuration(tmp_path))
    np.testing.assert_array_equal(volume.labels, head.labels[::2])
    assert volume.values.shape == (2, SHAPE[0] // 2, *SHAPE[1:])


def test_places_are_sorted_by_what_they_teach():
    head = a_prepared_head()
    labels = head.labels.copy()
    labels[6, 40, 40] = Subtype.SDH
    classes = np.where(labels == Subtype.IPH, 1, 0)
    brain = head.grey < 255
    brain[0] = False
    places = PatchPlaces.of(labels, classes, brain)
    assert set(places.lesion) == set(np.flatnonzero(labels == Subtype.IPH))
    border, ventricular, other = places.hard
    assert set(ventricular) == set(np.flatnonzero(labels == Subtype.IVH))
    assert list(other) == [np.ravel_multi_index((6, 40, 40), SHAPE)]
    # One slice and eight pixels around, in the brain, without the lesion itself.
    at = np.array(np.unravel_index(border, SHAPE))
    assert at.min(axis=1).tolist() == [1, 12, 6]
    assert at.max(axis=1).tolist() == [5, 35, 29]
    assert not set(border) & set(places.lesion)
    assert all(brain.reshape(-1)[number] for number in border)


def test_half_of_the_patches_are_centred_in_lesions_and_some_others_where_it_is_hard(tmp_path, some_heads):
    config = a_patch_configuration(tmp_path)
    dataset = PatchDataset(some_heads, config)
    found = centres(dataset, 600)
    in_lesion = [voxel for volume, voxel in found if volume == 0 and lies_in(voxel, IPH_BOX)]
    in_ventricles = [voxel for volume, voxel in found if volume < 2 and lies_in(voxel, IVH_BOX)]
    assert len(in_lesion) / 600 == pytest.approx(0.5, abs=0.06)
    # 15 % are hard: half of them in the second head, all ventricular; half in the first, half ventricular.
    assert len(in_ventricles) / 600 == pytest.approx(0.15 * 0.75, abs=0.04)
    brains = [PatchVolume.read(path, config).brain for path in some_heads]
    assert all(brains[volume][voxel] for volume, voxel in found)


def test_without_restriction_the_others_lie_anywhere(tmp_path, some_heads):
    config = a_patch_configuration(tmp_path, patches={"negatives": "anywhere", "hard_share": 0.0, "lesion_share": 0.0})
    found = centres(PatchDataset(some_heads, config), 300)
    brains = [PatchVolume.read(path, config).brain for path in some_heads]
    inside = sum(bool(brains[volume][voxel]) for volume, voxel in found) / 300
    assert inside == pytest.approx(np.mean(brains), abs=0.09)


def test_a_sample_depends_on_seed_and_number_only(tmp_path, some_heads):
    config = a_patch_configuration(tmp_path, patches={"turns": True, "intensities": True})
    first, second = PatchDataset(some_heads, config), PatchDataset(some_heads, config)
    ahead = [second[number] for number in (5, 2)]
    for number, sample in zip((5, 2), ahead, strict=True):
        for name in ("image", "label"):
            torch.testing.assert_close(first[number][name], sample[name])
    other = PatchDataset(some_heads, config.model_copy(update={"seed": 8}))
    assert any(not torch.equal(other[number]["image"], first[number]["image"]) for number in range(3))


def test_a_patch_is_centred_where_it_was_drawn_and_filled_beyond_the_volume(tmp_path, some_heads):
    config = a_patch_configuration(tmp_path, patches={"lesion_share": 1.0})
    dataset = PatchDataset(some_heads, config)
    for number in range(10):
        sample = dataset[number]
        assert sample["image"].shape == (2, 8, 16, 16)
        assert sample["label"][0, 4, 8, 8] == 1
        blood = sample["image"][0][sample["label"][0] == 1]
        torch.testing.assert_close(blood, torch.full_like(blood, BLOOD / 255))
    # Eight slices centred on slice 2 or 3 begin before the first.
    assert any(not dataset[number]["image"][:, 0].any() for number in range(10))


def test_varied_patches_stay_in_the_window_and_what_was_stripped_stays_dark(tmp_path, some_heads):
    plain = a_patch_configuration(tmp_path, patches={"lesion_share": 0.0, "hard_share": 0.0})
    varied = a_patch_configuration(tmp_path, patches={"lesion_share": 0.0, "hard_share": 0.0, "intensities": True})
    datasets = [PatchDataset(some_heads[:1], config) for config in (plain, varied)]
    changed = 0
    for number in range(40):
        before, after = (dataset[number]["image"] for dataset in datasets)
        assert torch.isfinite(after).all()
        assert 0 <= after.min() <= after.max() <= 1
        assert not after[before == 0].any()
        changed += not torch.equal(before, after)
    assert changed > 20


def test_volumes_without_any_brain_are_refused(tmp_path):
    path = DataFolder(tmp_path).real("air")
    nothing = np.zeros(SHAPE, dtype=np.uint8)
    TrainingVolume(nothing, nothing, np.arange(SHAPE[0]) * 5.0).write(path)
    with raises(InputError, "research.no_brain_in_volumes"):
        PatchDataset([path], a_patch_configuration(tmp_path))


class Bright(torch.nn.Module):
    """Takes what is bright in the scan's channel for blood."""

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        blood = (patches[:, :1] * 255 - (BRAIN + BLOOD) / 2).sign()
        return torch.cat([-blood, blood], dim=1)


def test_validation_compares_the_whole_volume(tmp_path, some_heads):
    config = a_patch_configuration(tmp_path)
    truth, found = patch_labels(Bright(), some_heads[0], config, CPU)
    np.testing.assert_array_equal(truth == 1, a_prepared_head(ivh=False).labels == Subtype.IPH)
    np.testing.assert_array_equal(found == 1, a_prepared_head().labels > 0)


def test_an_interrupted_fit_goes_on_to_the_same_weights(tmp_path, some_heads):
    config = a_patch_configuration(
        tmp_path, optimisation={"optimiser": "adadelta", "learning_rate": 1.0, "checkpoint_minutes": 1e-9, "steps": 4}
    )
    straight = fit(config, some_heads, tmp_path / "straight.pt", validation=some_heads[:1])
    calls, original = [], PatchDataset.__getitem__

    def failing(self, number):
        calls.append(number)
        if len(calls) > 3 * 2:
            message = "interrupted"
            raise RuntimeError(message)
        return original(self, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PatchDataset, "__getitem__", failing)
        with pytest.raises(RuntimeError, match="interrupted"):
            fit(config, some_heads, tmp_path / "resumed.pt", validation=some_heads[:1])
    resumed = fit(config, some_heads, tmp_path / "resumed.pt", validation=some_heads[:1])
    assert resumed.step == straight.step == 4
    for name, expected in straight.state.items():
        torch.testing.assert_close(resumed.state[name], expected, rtol=1e-4, atol=1e-6)


def test_a_fit_lowers_the_loss_and_tells_the_validation_dice(tmp_path, some_heads):
    options = {"steps": 30, "epoch_steps": 10, "learning_rate": 1e-2, "schedule": "constant", "batch": 4}
    config = a_patch_configuration(tmp_path, optimisation=options, network={"widths": (8, 8, 8, 8), "dropout": 0.0})
    told = []
    fit(config, some_heads, tmp_path / "a.pt", validation=some_heads[:1], report=told.append)
    losses = [state.loss for state in told if state.epoch_ends]
    assert losses[-1] < losses[0] - 0.2
    assert set(told[-1].dice) == {"IPH"}
