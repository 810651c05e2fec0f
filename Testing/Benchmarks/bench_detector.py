# SPDX-License-Identifier: Apache-2.0
"""Average precision of a detector on the slices of held-out volumes of a prepared folder, those without blood included.

The detector runs as at a user's, on OpenVINO or torch; boxes are taken from a score of 0.05 on, as the measure wants.
Found are also the share of slices with more than a volume of blood that have a box on it, and false boxes a slice, at
the model's own threshold.

    python Testing/Benchmarks/bench_detector.py CONFIG --models RUN/models --volumes FOLDER [--runtime openvino]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from ICHSegmentationLib.models import get_model, load_runtime
from ICHSegmentationLib.segmentation.box_decoding import decode_boxes, overlaps
from ICHSegmentationLib.training.box_targets import true_boxes
from ICHSegmentationLib.training.box_validation import SliceBoxes, average_precision
from ICHSegmentationLib.training.classes import class_table
from ICHSegmentationLib.training.clot import IGNORE
from ICHSegmentationLib.training.config import read_config
from ICHSegmentationLib.training.samples import TrainingVolume

_LEAST_ML = 0.2


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--volumes", type=Path, required=True)
    parser.add_argument("--runtime", default="openvino")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    config = read_config(options.config)
    entry = get_model(config.name, folder=options.models)
    network = load_runtime(entry, device="cpu", runtime=options.runtime, threads=options.threads)
    slices, with_blood, hit, false = [], 0, 0, 0
    for path in sorted(options.volumes.glob("*.npz")):
        volume = TrainingVolume.read(path)
        planes = volume.grey.astype(np.float32) / 255
        images = config.input.network_values(np.tensordot(config.input.stack_weights(volume.slices_mm), planes, axes=1))
        step_mm = float(np.median(np.diff(volume.slices_mm)))
        pixel_ml = config.input.pixel_mm**2 * step_mm / 1000
        classes = class_table(config.classes)[volume.labels]
        for answer, plane in zip(network.probabilities(images), classes, strict=True):
            truth = true_boxes(plane)
            slices.append(SliceBoxes(decode_boxes(answer, score_threshold=0.05), truth))
            shown = decode_boxes(answer, score_threshold=entry.score_threshold, nms_overlap=entry.nms_overlap)
            blood = (plane > 0) & (plane != IGNORE)
            touching = [_holds(edges, blood) for edges in shown.edges]
            if np.count_nonzero(blood) * pixel_ml > _LEAST_ML:
                with_blood += 1
                hit += any(touching)
            best = [
                max((overlaps(np.array(box.edges), edges[None])[0] for box in truth), default=0)
                for edges in shown.edges
            ]
            false += sum(not (touches or overlap > 0) for touches, overlap in zip(touching, best, strict=True))
    figures = average_precision(slices, config.classes[1:])
    print(
        json.dumps(
            {
                **{name: round(value, 3) for name, value in figures.items()},
                "slices": len(slices),
                f"slices_over_{_LEAST_ML}_ml": with_blood,
                "found_share": round(hit / max(with_blood, 1), 3),
                "false_boxes_per_slice": round(false / max(len(slices), 1), 3),
                "runtime": options.runtime,
            },
            indent=2,
        )
    )


def _holds(edges: np.ndarray, blood: np.ndarray) -> bool:
    top, left, bottom, right = np.rint(edges).astype(int)
    return bool(blood[top:bottom, left:right].any())


if __name__ == "__main__":
    main()
