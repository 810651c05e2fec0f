# SPDX-License-Identifier: Apache-2.0
"""Crops for the second stage, and the stage itself from training to both runtimes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders.errors import raises, raises_invalid
from builders.label_maps import ellipsoid_mask, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM
from builders.tiny_model import FIELDS, load_openvino, load_runtime, register_model
from builders.training import INPUT, a_configuration, write_squares
from builders.worker_world import tilted_head

from ICHSegmentationLib import segment
from ICHSegmentationLib.core.errors import MissingModelError
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.models import load_manifest
from ICHSegmentationLib.preprocessing.box_crops import CROP_MARGIN, CROP_PX
from ICHSegmentationLib.research.training.boxes.crop_dataset import CropDataset, cut_crop, lesion_of
from ICHSegmentationLib.research.training.boxes.targets import TrueBox
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.research.training.fitting.fit import fit
from ICHSegmentationLib.research.training.loss import DiceCrossEntropy, segmentation_loss
from ICHSegmentationLib.research.training.processes import Processes
from ICHSegmentationLib.research.training.train import train
from ICHSegmentationLib.systems import available_models

pytestmark = pytest.mark.slow

ONE = Processes(0, 1, torch.device("cpu"))
NETWORK = {"width": 8, "depths": (1, 2, 1), "heads": (1, 1, 2), "pyramid_depth": 1, "decoder_depth": 1}


def configuration(folder, **changes):
    values = {
        "system": "two_stage",
        "classes": ("background", "ICH"),
        "input": {"neighbours": 0},
        "boxes": {"jitter": 0.2, "margin": 0.0},
    }
    return a_configuration(folder, **(values | changes)).model_copy(update={"network": NETWORK})


def test_a_crop_holds_the_box_with_a_tenth_around_it(tmp_path):
    volume = TrainingVolume.read(write_squares(tmp_path)[0])  # IPH in 20:40 on slice 1, grey 190 on 90
    image, labels = cut_crop(volume, np.eye(4, dtype=np.float32)[1:2], 1, TrueBox((20, 20, 40, 40), 4), 2.5)
    assert image.shape == (1, CROP_PX, CROP_PX)
    edge = CROP_PX * 2 / 24  # 2 of 24 pixels
    inside = slice(round(edge) + 1, round(CROP_PX - edge) - 1)
    assert (labels[inside, inside] == Subtype.IPH).all()
    assert (labels == Subtype.IPH).mean() == pytest.approx((20 / 24) ** 2, abs=0.01)
    assert image[0, CROP_PX // 2, CROP_PX // 2] == pytest.approx(190 / 255)
    assert image[0, 2, 2] == pytest.approx(90 / 255)


def test_blood_of_another_subtype_is_neither_lesion_nor_tissue():
    labels = np.array([0, Subtype.IPH, Subtype.IVH, IGNORE], dtype=np.uint8)
    assert lesion_of(labels, Subtype.IPH).tolist() == [0, 1, IGNORE, IGNORE]
    assert lesion_of(labels, UNKNOWN_SUBTYPE).tolist() == [0, 1, 1, IGNORE]


def test_samples_depend_on_seed_and_number_only_and_some_are_empty(tmp_path):
    config = configuration(tmp_path)
    dataset = CropDataset(write_squares(tmp_path), config)
    lesions = 0
    for number in range(24):
        sample = dataset[number]
        assert sample["image"].shape == (1, CROP_PX, CROP_PX)
        assert sample["label"].shape == (1, CROP_PX, CROP_PX)
        assert 0 <= sample["image"].min() <= sample["image"].max() <= 1
        torch.testing.assert_close(sample["label"], dataset[number]["label"])
        torch.testing.assert_close(sample["image"], dataset[number]["image"])
        lesions += bool((sample["label"] == 1).any())
    assert 12 <= lesions < 24


def test_a_single_stage_is_shown_whole_slices_and_all_their_blood(tmp_path):
    files = write_squares(tmp_path)
    shape = TrainingVolume.read(files[0]).labels.shape
    config = configuration(tmp_path, boxes={"whole_slices": True}, optimisation={"bleed_share": 1.0})
    dataset = CropDataset(files, config)
    shown = 1 + 2 * CROP_MARGIN  # the slice and what a crop shows around it, in which there is nothing
    areas = [float((dataset[number]["label"] == 1).float().mean()) for number in range(12)]
    assert areas == pytest.approx([(20 / (shape[1] * shown)) ** 2] * 12, rel=0.02)  # a square, wherever it lies


def test_the_boxes_name_the_subtype_and_the_network_does_not(tmp_path):
    with raises_invalid("research.classes_of_crops", any_blood="ICH"):
        configuration(tmp_path, classes=("background", "IPH"))


def test_the_loss_takes_its_shares(tmp_path):
    logits, labels = torch.randn(2, 2, 8, 8, generator=torch.Generator().manual_seed(0)), torch.zeros(2, 1, 8, 8).long()
    labels[:, :, 2:5] = 1
    dice, entropy = (DiceCrossEntropy(shares=shares)(logits, labels) for shares in ((1.0, 0.0), (0.0, 1.0)))
    config = configuration(tmp_path, optimisation={"loss_shares": (0.6, 0.4)})
    loss = segmentation_loss(config.optimisation)(logits, labels)
    torch.testing.assert_close(loss, 0.6 * dice + 0.4 * entropy)
    torch.testing.assert_close(DiceCrossEntropy()(logits, labels), dice + entropy)


def test_it_is_fitted_registered_and_gives_the_same_on_both_runtimes(tmp_path):
    config = configuration(tmp_path, optimisation={"steps": 2, "epoch_steps": 2})
    files, seen = write_squares(tmp_path), []
    fitted = fit(config, files, tmp_path / "run.pt", validation=files, report=seen.append)
    assert set(seen[-1].dice) == {"ICH"}
    fields = FIELDS | INPUT | {"system": "two_stage", "network": NETWORK, "classes": ["background", "ICH"]}
    fields |= {"neighbours": 0, "crop_px": CROP_PX, "detector": "finder"}
    entry = register_model(fields, fitted.state, folder=tmp_path / "models", with_graph=True)
    images = np.random.default_rng(0).random((3, 1, CROP_PX, CROP_PX), dtype=np.float32)
    torch_answer = load_runtime(entry, device="cpu", runtime="torch", threads=1).probabilities(images)
    openvino_answer = load_openvino(entry, threads=1, precision="f32").probabilities(images)
    assert torch_answer.shape == (3, 2, CROP_PX, CROP_PX)
    np.testing.assert_allclose(openvino_answer, torch_answer, atol=1e-3)
    # Each crop for itself.
    alone = load_runtime(entry, device="cpu", runtime="torch", threads=1).probabilities(images[1:2])
    np.testing.assert_allclose(alone, torch_answer[1:2], atol=1e-5)


def test_the_second_stage_takes_its_detector_along_and_both_segment_together(tmp_path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CACHE", str(tmp_path / "cache"))
    write_squares(tmp_path / "data")
    first = a_configuration(
        tmp_path / "data",
        system="detector",
        network={"head_width": 8, "head_layers": 1},
        about={"name": "finder"},
    )
    second = configuration(
        tmp_path / "data",
        data={"detector": tmp_path / "finder" / "models"},
        about={"name": "inside", "detector": "finder"},
    )
    with raises(MissingModelError, "models.manifest_unreadable"):
        train(second, tmp_path / "inside", ONE)
    train(first, tmp_path / "finder", ONE)
    trained = train(second, tmp_path / "inside", ONE)
    manifest = load_manifest(trained.models)
    assert manifest.default == "inside"
    assert [entry.name for entry in manifest.models] == ["inside", "finder"]
    assert [entry.name for entry in available_models(manifest)] == ["inside", "em"]
    monkeypatch.setenv("ICHSEG_MODELS", str(trained.models))
    volume = tilted_head()
    result = segment(volume, threads=1)
    assert result.model.name == "inside"
    assert result.boxes == ()  # an untrained detector is sure of nothing
    assert not result.label_map.labels.any()
    clot = ellipsoid_mask(volume.grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    boxes = lesion_boxes(labelled(volume.grid, (Subtype.SAH, clot)))
    inside = segment(volume, threads=1, boxes=boxes)
    assert inside.boxes == boxes
    assert set(np.unique(inside.label_map.labels)) <= {0, Subtype.SAH}
