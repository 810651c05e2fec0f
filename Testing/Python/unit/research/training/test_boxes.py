# SPDX-License-Identifier: Apache-2.0
"""Boxes from masks, maps from boxes, boxes from maps, and how good found boxes are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders.tiny_model import FIELDS, TINY, load_openvino, load_runtime, register_model
from builders.training import INPUT, a_configuration, write_squares

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.networks.box_decoding import FoundBoxes, decode_boxes, overlaps
from ICHSegmentationLib.research.training.boxes.dataset import BoxDataset
from ICHSegmentationLib.research.training.boxes.loss import BoxLoss
from ICHSegmentationLib.research.training.boxes.targets import TrueBox, target_maps, true_boxes, varied
from ICHSegmentationLib.research.training.boxes.validation import SliceBoxes, average_precision
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.fitting.fit import fit
from ICHSegmentationLib.systems import build_network

KINDS = [subtype.name for subtype in Subtype]
DETECTOR = TINY | {"head_width": 8, "head_layers": 1}
BOXES = [TrueBox((20, 40, 50, 61), 4), TrueBox((8, 8, 16, 30), 2), TrueBox((100, 90, 103, 93), 5)]


def perfect(maps, kinds=5):
    """What a network would have to put out for these targets."""
    one_hot = np.eye(kinds + 1)[np.where(maps[0] == IGNORE, 0, maps[0]).astype(int)][..., 1:]
    logits = np.where(np.moveaxis(one_hot, -1, 0) > 0, 12.0, -12.0)
    centre = np.log(np.clip(maps[5:], 1e-4, 1 - 1e-4) / (1 - np.clip(maps[5:], 1e-4, 1 - 1e-4)))
    return torch.from_numpy(np.concatenate([logits, np.maximum(maps[1:5], 0.1), centre]).astype(np.float32))[None]


def answered(output):
    network = build_network("detector", "compact", classes=6, **DETECTOR)
    return network.answer(output)[0].numpy()


def found(*boxes):
    edges, kinds, scores = zip(*boxes, strict=True) if boxes else ((), (), ())
    return FoundBoxes(np.array(edges, dtype=float).reshape(-1, 4), np.array(kinds, int), np.array(scores, float))


# From masks


def test_a_box_ends_behind_the_last_pixel_of_its_piece():
    classes = np.zeros((12, 12), dtype=np.uint8)
    classes[2:5, 3:9] = 4
    classes[5, 9] = 4  # touches by a corner
    classes[8:10, 1:3] = 2
    classes[11, 11] = 2  # a speck
    classes[8:10, 6:8] = IGNORE
    boxes = true_boxes(classes)
    assert boxes == [TrueBox((8, 1, 10, 3), 2), TrueBox((2, 3, 6, 10), 4), TrueBox((8, 6, 10, 8), IGNORE)]


def test_a_varied_box_is_enlarged_and_moved_within_its_limits():
    box = TrueBox((10, 20, 30, 60), 1)
    rng = np.random.default_rng(0)
    assert varied(box, rng, jitter=0.0, margin=0.1) == TrueBox((8, 16, 32, 64), 1)
    moved = np.array([varied(box, rng, jitter=0.2, margin=0.0).edges for _ in range(200)]) - box.edges
    assert (np.abs(moved) <= [4, 8, 4, 8]).all()
    assert (np.abs(moved).max(axis=0) > [3.6, 7.2, 3.6, 7.2]).all()


# Maps


def test_perfect_maps_give_the_boxes_back():
    maps = target_maps(BOXES, (128, 128))
    assert maps.shape == (6, 32, 32)
    boxes = decode_boxes(answered(perfect(maps)), score_threshold=0.5)
    by_kind = {int(kind): edges for kind, edges in zip(boxes.kinds, boxes.edges, strict=True)}
    assert sorted(boxes.kinds.tolist()) == [2, 4, 5]
    for box in BOXES[:2]:
        np.testing.assert_allclose(by_kind[box.kind], box.edges, atol=1e-3)
    # A box of 3 x 3 pixels lies between two places: the nearest one cannot say where all its edges are.
    assert overlaps(np.array(BOXES[2].edges, float), by_kind[5][None])[0] > 0.5


def test_a_small_box_in_a_large_one_answers_for_its_own_middle():
    large, small = TrueBox((0, 0, 60, 60), 4), TrueBox((26, 26, 34, 34), 5)
    for boxes in ([large, small], [small, large]):
        assert target_maps(boxes, (64, 64))[0, 7, 7] == 5


def test_what_is_not_known_is_left_out_of_the_loss():
    maps = target_maps([TrueBox((16, 16, 48, 48), IGNORE)], (64, 64))
    assert np.unique(maps[0]).tolist() == [0, IGNORE]
    target = torch.from_numpy(maps)[None]
    output = torch.full((1, 10, 16, 16), -12.0)
    loud = output.clone()
    loud[:, :5, 6:10, 6:10] = 12.0
    torch.testing.assert_close(BoxLoss()(loud, target), BoxLoss()(output, target))


def test_the_loss_is_least_for_the_perfect_answer():
    target = torch.from_numpy(target_maps(BOXES, (128, 128)))[None]
    best = perfect(target[0].numpy())
    least = float(BoxLoss()(best, target))
    assert least < 0.7  # what remains is the entropy of the centre-ness
    for channel, change in ((3, -24.0), (5, 3.0), (8, 3.0), (9, 3.0)):
        worse = best.clone()
        worse[:, channel] += change
        assert float(BoxLoss()(worse, target)) > least + 0.1
    empty = torch.zeros((1, 6, 32, 32))
    quiet, loud = torch.full((1, 10, 32, 32), -12.0), torch.full((1, 10, 32, 32), 0.0)
    assert float(BoxLoss()(quiet, empty)) < 1e-3 < float(BoxLoss()(loud, empty))


def test_of_boxes_that_share_more_than_the_limit_the_surest_of_a_subtype_stays():
    answer = np.zeros((10, 16, 16), dtype=np.float32)
    answer[5:9], answer[9] = 2.0, 1.0
    answer[3, 4, 4], answer[3, 4, 5], answer[3, 12, 12], answer[0, 4, 4] = 0.81, 0.64, 0.36, 0.49
    boxes = decode_boxes(answer, score_threshold=0.5)
    assert boxes.kinds.tolist() == [4, 4, 1, 4]  # neighbours share 12 of 20 places, exactly the limit
    np.testing.assert_allclose(boxes.scores, [0.9, 0.8, 0.7, 0.6], atol=1e-6)
    assert boxes.edges[0].tolist() == [10, 10, 26, 26]
    assert decode_boxes(answer, score_threshold=0.5, nms_overlap=0.5).scores.tolist() == pytest.approx([0.9, 0.7, 0.6])
    assert decode_boxes(answer, score_threshold=0.65).kinds.tolist() == [4, 4, 1]
    assert len(decode_boxes(answer, score_threshold=0.95).scores) == 0


# Average precision


def test_right_boxes_on_all_slices_are_perfect_and_slices_without_blood_count():
    right = found(((10, 10, 30, 30), 4, 0.9))
    good = SliceBoxes(right, [TrueBox((10, 10, 30, 30), 4)])
    figures = average_precision([good, SliceBoxes(found(), [])], KINDS)
    assert figures == pytest.approx({"mAP50": 1.0, "mAP50_95": 1.0, "AP50 IPH": 1.0})
    surer = SliceBoxes(found(((5, 5, 9, 9), 4, 0.95)), [])
    assert average_precision([good, surer], KINDS)["mAP50"] == pytest.approx(0.5)


def test_a_shifted_box_counts_up_to_its_overlap():
    # 20 x 20 pixels, 4 shifted: IoU 16 / 24 = 0.667, so right at 0.5 to 0.65, four of ten thresholds.
    shifted = SliceBoxes(found(((14, 10, 34, 30), 4, 0.9)), [TrueBox((10, 10, 30, 30), 4)])
    figures = average_precision([shifted], KINDS)
    assert figures["mAP50"] == pytest.approx(1.0)
    assert figures["mAP50_95"] == pytest.approx(0.4)


def test_the_wrong_subtype_is_wrong_and_a_box_on_unknown_blood_is_neither():
    wrong = SliceBoxes(found(((10, 10, 30, 30), 2, 0.9)), [TrueBox((10, 10, 30, 30), 4)])
    assert average_precision([wrong], KINDS)["mAP50"] == 0.0
    good = SliceBoxes(found(((10, 10, 30, 30), 4, 0.8)), [TrueBox((10, 10, 30, 30), 4)])
    unknown = SliceBoxes(found(((50, 50, 60, 60), 4, 0.9)), [TrueBox((50, 50, 60, 60), IGNORE)])
    assert average_precision([good, unknown], KINDS)["mAP50"] == pytest.approx(1.0)
    assert average_precision([unknown], KINDS) == {}


# The way through the training and the runtimes


@pytest.fixture
def a_config(tmp_path):
    return a_configuration(tmp_path, system="detector", network=DETECTOR, boxes={"jitter": 0.0, "margin": 0.0})


def test_samples_hold_the_boxes_of_what_is_shown(tmp_path, a_config):
    dataset = BoxDataset(write_squares(tmp_path), a_config)
    kinds = set()
    for number in range(20):
        sample = dataset[number]
        assert sample["image"].shape == (3, 64, 64)
        assert sample["label"].shape == (6, 16, 16)
        kinds |= set(sample["label"][0].unique().tolist())
        torch.testing.assert_close(sample["label"], dataset[number]["label"])
    assert kinds == {0, Subtype.IPH, Subtype.SDH}


def test_a_detector_is_fitted_measured_registered_and_runs_the_same_on_both_runtimes(tmp_path, a_config, monkeypatch):
    monkeypatch.setenv("ICHSEG_CACHE", str(tmp_path / "cache"))
    files, seen = write_squares(tmp_path), []
    fitted = fit(a_config, files, tmp_path / "run.pt", validation=files, report=seen.append)
    assert fitted.step == 4
    assert {"mAP50", "mAP50_95", "AP50 IPH", "AP50 SDH"} == set(seen[-1].dice)
    fields = FIELDS | INPUT | {"system": "detector", "network": DETECTOR}
    entry = register_model(fields, fitted.state, folder=tmp_path / "models", with_graph=True)
    images = np.random.default_rng(0).random((3, 3, 64, 128), dtype=np.float32)
    torch_answer = load_runtime(entry, device="cpu", runtime="torch", threads=1).probabilities(images)
    openvino_answer = load_openvino(entry, threads=1, precision="f32").probabilities(images)
    assert torch_answer.shape == (3, 10, 16, 32)
    np.testing.assert_allclose(openvino_answer, torch_answer, atol=1e-3)
    assert (torch_answer[:, :5] < 1).all()
    assert (torch_answer[:, 5:9] > 0).all()
