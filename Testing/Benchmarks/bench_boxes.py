# SPDX-License-Identifier: Apache-2.0
"""Dice of all hemorrhage on held-out patients: in predicted, true and joined boxes, and without boxes.

True boxes are those around the reference's lesions. Blood of unknown subtype is ignored, as in the whole evaluation.
Also printed: the volume found in scans without blood, processor seconds per scan, and for the detector the fraction of
slices with more than 0.2 mL of blood on which a predicted box contains some, and its boxes in scans without blood.

    ICHSEG_MODELS=RUN/models python Testing/Benchmarks/bench_boxes.py CONFIG --two-stage NAME [--alone NAME ...]
        [--single-stage FOLDER ...] [--json FILE]

A single stage is a network trained with ``boxes.whole_slices``; it is the default model in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import LesionBox, lesion_boxes
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import ANY_BLOOD
from ICHSegmentationLib.models import ModelEntry, get_model, load_manifest
from ICHSegmentationLib.models.select import load_runtime
from ICHSegmentationLib.preprocessing.sampling import HeadSampling
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.research.evaluation.metrics.paired_tests import PairedTest
from ICHSegmentationLib.research.evaluation.models.held_out_case import PATIENTS, HeldOutCase
from ICHSegmentationLib.research.training.config import read_config
from ICHSegmentationLib.research.training.held_out import make_held_out
from ICHSegmentationLib.segmentation.boxes.linking import SliceBox, link_boxes
from ICHSegmentationLib.segmentation.boxes.segmentation import as_box_segmenter, segment_boxes
from ICHSegmentationLib.segmentation.segmenter import Segmented, Segmenter
from ICHSegmentationLib.segmentation.two_stage import source_sides
from ICHSegmentationLib.systems import build_segmenter, network_for

_MIN_ML = 0.2
_STAGES = dict.fromkeys(("preprocess", "infer", "postprocess"), 1 / 3)


class Found(NamedTuple):
    """Result of one method on one scan."""

    segmented: Segmented
    seconds: float


class Way:
    """Segmentation method: one model alone, or inside the boxes of another."""

    def __init__(self, name: str, segmenter: Segmenter, boxes_of: str | None = None) -> None:
        self.name, self._segmenter, self.boxes_of = name, segmenter, boxes_of

    def run(self, volume: CTVolume, boxes: Sequence[LesionBox] | None) -> Found:
        """Segment a scan; ``boxes`` for methods that need them."""
        stages, started = Stages(_STAGES), time.process_time()
        if boxes is None:
            segmented = self._segmenter.segment(volume, stages, force=True)
        else:
            segmenter = as_box_segmenter(self._segmenter, self.name)
            segmented = segment_boxes(segmenter, volume, boxes, stages, force=True)
        return Found(segmented, time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--two-stage", default="two_stage-compact")
    parser.add_argument("--alone", nargs="*", default=[], help="models to measure without boxes")
    parser.add_argument("--single-stage", nargs="*", default=[], type=Path, help="folders of models")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    config = read_config(options.config)
    ways = _ways(options.two_stage, options.alone, options.threads)
    ways += [single_stage(load_manifest(folder).models[0], options.threads) for folder in options.single_stage]
    dice: dict[str, list[float]] = {way.name: [] for way in ways}
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    slices = np.zeros(2, dtype=int)
    patients = [file for file in make_held_out(config) if file.group == PATIENTS]
    for number, file in enumerate(patients):
        print(f"{number / len(patients):4.0%} {file.name}", file=sys.stderr)
        case = HeldOutCase.read(file.path)
        for way, found in _run_all(ways, case.volume, lesion_boxes(case.reference)):
            dice[way.name].append(_dice(case.known(found.segmented.label_map.labels), case.reference))
            seconds[way.name].append(found.seconds)
            if way is ways[0]:
                slices += _slices_with_box(case.reference, found.segmented.boxes)
    negatives = {path.name: read_ct(path) for path in config.evaluation.negatives}
    ml = {way.name: dict.fromkeys(negatives, 0.0) for way in ways}
    boxes_there = {}
    for name, volume in negatives.items():
        for way, found in _run_all(ways, volume, ()):
            ml[way.name][name] = _total_ml(found.segmented.label_map)
            if way is ways[0]:
                boxes_there[name] = len(found.segmented.boxes)
    rows = [
        {
            "way": way.name,
            "dice_median": round(float(np.median(dice[way.name])), 3),
            "dice_percentile_10": round(float(np.percentile(dice[way.name], 10)), 3),
            "found": sum(value > 0 for value in dice[way.name]),
            "negatives_ml": {name: round(value, 3) for name, value in ml[way.name].items()},
            "processor_seconds": round(float(np.median(seconds[way.name])), 2),
            "wilcoxon_p_to_first": None
            if way is ways[0]
            else _p_value(np.array(dice[way.name]), np.array(dice[ways[0].name])),
        }
        for way in ways
    ]
    share = slices[1] / max(slices[0], 1)
    result = {
        "patients": len(patients),
        f"slices_over_{_MIN_ML}_ml": int(slices[0]),
        "slices_with_box_share": round(float(share), 3),
        "boxes_in_negatives": boxes_there,
        "ways": rows,
        "dice": dice,
    }
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for row in rows:
        print(row)
    print({key: value for key, value in result.items() if key not in ("ways", "dice")})


def _ways(two_stage: str, alone: Sequence[str], threads: int) -> list[Way]:
    entry = get_model(two_stage)
    network = _segmenter(entry, threads)
    union = _segmenter(entry.model_copy(update={"joining": "union"}), threads)
    em = _segmenter(get_model("em"), threads)
    predicted = "predicted boxes"
    return [
        Way(predicted, network),
        Way("predicted boxes, one union a slice", union),
        Way("true boxes", network, "true"),
        Way("em alone", em),
        Way("em in predicted boxes", em, predicted),
        Way("em in true boxes", em, "true"),
        *(Way(f"{name} alone", _segmenter(get_model(name), threads)) for name in alone),
    ]


class SingleStage:
    """Second stage on whole slices: its box is the whole grid of each slice."""

    def __init__(self, entry: ModelEntry, segmenter: Segmenter) -> None:
        self._entry, self._segmenter = entry, segmenter

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """See `Segmenter.segment`."""
        prepared = prepare_slices(volume, self._entry.input_spec, force=force, advance=stages.advance)
        orientation, sampling = prepared.orientation, prepared.sampling
        assert isinstance(sampling, HeadSampling)
        size = self._entry.size_px
        (edges_mm,) = sampling.edges_mm(np.array([[0, 0, size, size]]))
        sides = source_sides(edges_mm, orientation, volume.grid.shape)
        everywhere = [SliceBox(number, sides[1], sides[2], ANY_BLOOD) for number in range(volume.grid.shape[0])]
        boxes = link_boxes(everywhere, volume.grid)
        segmenter = as_box_segmenter(self._segmenter, self._entry.name)
        return segment_boxes(segmenter, volume, boxes, stages, force=force)


def single_stage(entry: ModelEntry, threads: int) -> Way:
    """Return a segmenter of whole slices."""
    return Way(f"{entry.name}, whole slices", SingleStage(entry, _segmenter(entry, threads)))


def _segmenter(entry: ModelEntry, threads: int) -> Segmenter:
    return build_segmenter(entry, load_runtime(entry, build=network_for, device="cpu", threads=threads))


def _run_all(ways: Sequence[Way], volume: CTVolume, true: Sequence[LesionBox]) -> list[tuple[Way, Found]]:
    boxes: dict[str, Sequence[LesionBox]] = {"true": true}
    found = []
    for way in ways:
        one = way.run(volume, None if way.boxes_of is None else boxes[way.boxes_of])
        boxes[way.name] = one.segmented.boxes
        found.append((way, one))
    return found


def _dice(one: LabelMap, other: LabelMap) -> float:
    first, second = one.labels > 0, other.labels > 0
    both = np.count_nonzero(first) + np.count_nonzero(second)
    return float(2 * np.count_nonzero(first & second) / both) if both else 1.0


def _total_ml(label_map: LabelMap) -> float:
    counts = np.count_nonzero(label_map.labels, axis=(1, 2))
    return float(counts @ label_map.grid.voxel_volumes_mm3) / 1000


def _slices_with_box(reference: LabelMap, boxes: Sequence[LesionBox]) -> tuple[int, int]:
    """Return the number of slices with more than the minimum volume of blood, and of those with some in a box."""
    blood = reference.labels > 0
    held = np.zeros_like(blood)
    for box in boxes:
        region, inside = box.voxels(reference.grid)
        held[region] |= inside
    large = np.count_nonzero(blood, axis=(1, 2)) * reference.grid.voxel_volumes_mm3 > 1000 * _MIN_ML
    return int(large.sum()), int((large & (blood & held).any(axis=(1, 2))).sum())


def _p_value(one: np.ndarray, other: np.ndarray) -> float | None:
    return PairedTest.of("any", "dice", one, other).wilcoxon_p


if __name__ == "__main__":
    main()
