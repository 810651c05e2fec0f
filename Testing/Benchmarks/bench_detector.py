# SPDX-License-Identifier: Apache-2.0
"""Average precision of a detector on the slices of a prepared folder, and its errors at each score threshold.

The detector runs on OpenVINO or torch as for users; average precision counts boxes from a score of 0.05 on. For each
threshold follow the fraction of slices with more than 0.2 mL of blood on which a box contains some of it, and the boxes
per slice that neither contain blood nor touch a true box. Choose the threshold on validation patients.

    python Testing/Benchmarks/bench_detector.py CONFIG --models RUN/models --volumes FOLDER [--cases NAME ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.models import ModelEntry, Runtime, get_model, load_runtime
from ICHSegmentationLib.networks.box_decoding import decode_boxes, overlaps
from ICHSegmentationLib.research.training.boxes.targets import true_boxes
from ICHSegmentationLib.research.training.boxes.validation import SliceBoxes, average_precision
from ICHSegmentationLib.research.training.config import TrainingConfig, read_config
from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.systems import network_for

_MIN_ML = 0.2
_MIN_SCORE = 0.05
_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


class Slice(NamedTuple):
    """Boxes, blood pixels and blood volume of a slice."""

    boxes: SliceBoxes
    blood: np.ndarray
    ml: float


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--volumes", type=Path, required=True)
    parser.add_argument("--cases", nargs="+", help="names of the files; default: all")
    parser.add_argument("--runtime", default="openvino")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    config = read_config(options.config)
    entry = get_model(config.name, folder=options.models)
    network = load_runtime(entry, build=network_for, device="cpu", runtime=options.runtime, threads=options.threads)
    paths = [path for path in sorted(options.volumes.glob("*.npz")) if path.stem in (options.cases or [path.stem])]
    slices = [part for path in paths for part in _slices(TrainingVolume.read(path), config, network, entry)]
    metrics = average_precision([part.boxes for part in slices], config.classes[1:])
    print(f"{len(paths)} volumes, {len(slices)} slices, {options.runtime}")
    print("  ".join(f"{name} {value:.3f}" for name, value in metrics.items()))
    print("threshold  found  false boxes per slice")
    for threshold in sorted({*_THRESHOLDS, entry.score_threshold}):
        found, false = _at(slices, threshold)
        print(f"{threshold:9.2f}  {found:5.3f}  {false:.3f}{'  (the model)' * (threshold == entry.score_threshold)}")


def _slices(volume: TrainingVolume, config: TrainingConfig, network: Runtime, entry: ModelEntry) -> Iterator[Slice]:
    planes = volume.grey.astype(np.float32) / 255
    images = config.input.network_values(np.tensordot(config.input.stack_weights(volume.slices_mm), planes, axes=1))
    pixel_ml = config.input.pixel_mm**2 * float(np.median(np.diff(volume.slices_mm))) / 1000
    classes = class_table(config.classes)[volume.labels]
    for answer, plane in zip(network.probabilities(images), classes, strict=True):
        found = decode_boxes(answer, score_threshold=_MIN_SCORE, nms_overlap=entry.nms_overlap)
        blood = (plane > 0) & (plane != IGNORE)
        yield Slice(SliceBoxes(found, true_boxes(plane)), blood, np.count_nonzero(blood) * pixel_ml)


def _at(slices: Sequence[Slice], threshold: float) -> tuple[float, float]:
    """Return the fraction of slices whose blood is found, and false boxes per slice."""
    with_blood, hit, false = 0, 0, 0
    for part in slices:
        found, truth = part.boxes.found, part.boxes.true
        edges = found.edges[found.scores >= threshold]
        holding = [_holds(one, part.blood) for one in edges]
        touching = [any(overlaps(np.array(box.edges), one[None])[0] > 0 for box in truth) for one in edges]
        false += sum(not (holds or touches) for holds, touches in zip(holding, touching, strict=True))
        if part.ml > _MIN_ML:
            with_blood += 1
            hit += any(holding)
    return hit / max(with_blood, 1), false / max(len(slices), 1)


def _holds(edges: np.ndarray, blood: np.ndarray) -> bool:
    top, left, bottom, right = np.rint(edges).astype(int)
    return bool(blood[top:bottom, left:right].any())


if __name__ == "__main__":
    main()
