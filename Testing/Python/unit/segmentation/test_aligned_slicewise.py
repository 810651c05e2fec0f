# SPDX-License-Identifier: Apache-2.0
"""A system that wants the midline upright: its labels lie on the source slices as if nothing had been turned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.moved_head import Pose, moved_scan
from builders.simple_head import BrightRuntime, model_entry
from scipy import ndimage

from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.datasets.phe_sich import read_case
from ICHSegmentationLib.segmentation.segmenter import Segmented
from ICHSegmentationLib.systems import build_segmenter

pytestmark = pytest.mark.slow

POSES = {
    "straight": ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    "turned": ((0.0, 0.0, 20.0), (0.0, 0.0, 0.0)),
    "turned back, leaning, shifted": ((0.0, 6.0, -12.0), (8.0, -5.0, 0.0)),
}


def segment(volume: CTVolume, **entry: object) -> Segmented:
    model = model_entry(system="symtransnet", align_midline=True, **entry)
    shares = {"preprocess": 0.4, "infer": 0.4, "postprocess": 0.2}
    return build_segmenter(model, BrightRuntime()).segment(volume, Stages(shares), force=True)


def a_scan(pose: Pose) -> tuple[CTVolume, np.ndarray]:
    """A head whose clot is not so bright that `BrightRuntime` takes it for bone, and where the clot is."""
    volume, truth = moved_scan(pose)
    clot = truth.labels == Subtype.IPH
    return CTVolume(volume.hu - np.int16(10) * clot, volume.grid), clot


def dice(first: np.ndarray, second: np.ndarray) -> float:
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


@pytest.mark.parametrize("pose", POSES.values(), ids=POSES)
def test_a_clot_is_found_in_place_however_the_head_lies(pose):
    volume, clot = a_scan(pose)
    segmented = segment(volume)
    assert dice(segmented.label_map.labels == Subtype.IPH, clot) > 0.93
    assert segmented.plane is not None
    assert abs(segmented.plane.turn_deg) == pytest.approx(abs(pose[0][2]), abs=0.7)
    assert segmented.warnings == ()


def test_a_head_that_lies_on_its_side_gives_a_doubt():
    volume, _ = a_scan(((0.0, 0.0, 56.0), (0.0, 0.0, 0.0)))
    assert any("wrong midline" in warning for warning in segment(volume).warnings)


def test_a_mirrored_scan_gives_mirrored_labels():
    volume, _ = a_scan(POSES["turned back, leaning, shifted"])
    mirrored = CTVolume(volume.hu[:, :, ::-1].copy(), volume.grid)
    first, second = segment(volume), segment(mirrored)
    assert first.plane is not None
    assert second.plane is not None
    assert second.plane.turn_deg == pytest.approx(-first.plane.turn_deg, abs=0.2)
    assert dice(first.label_map.labels > 0, second.label_map.labels[:, :, ::-1] > 0) > 0.98


@pytest.mark.parametrize("name", ["0001", "0013"])
def test_a_turned_and_shifted_real_scan_gives_turned_and_shifted_labels(shared_data: Path, name):
    case = read_case(shared_data / "phe-sich", name)
    volume, pixels = CTVolume(case.hu, case.grid), {"pixel_mm": 0.8, "size_px": 256}
    labels = segment(volume, **pixels).label_map.labels
    assert (labels > 0).sum() > 500

    moved = CTVolume(_moved(case.hu, order=1, beyond=int(case.hu.min())), case.grid)
    found = segment(moved, **pixels)

    assert dice(found.label_map.labels > 0, _moved(labels, order=0, beyond=0) > 0) > 0.9


def _moved(planes: np.ndarray, *, order: int, beyond: int) -> np.ndarray:
    turned = ndimage.rotate(planes, 9.0, axes=(1, 2), reshape=False, order=order, cval=beyond)
    shifted: np.ndarray = ndimage.shift(turned, (0, 0, 12), order=0, cval=beyond)
    return shifted
