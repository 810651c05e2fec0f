# SPDX-License-Identifier: Apache-2.0
"""Effect of a detector's two thresholds on whole scans, from which the model's thresholds are chosen.

Scans are those of `bench_postprocessing.py`: validation patients unchanged, with simulated lesions and with mimics. For
each minimum score of a slice's box and each minimum confidence of a lesion on a single slice follow the fraction of
true blood inside lesion boxes, and the number of lesion boxes without blood.

    python Testing/Benchmarks/bench_linked_boxes.py FOLDER --models RUN/models [--model detector-compact]
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.models import get_model, load_runtime
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutCase
from ICHSegmentationLib.segmentation.boxes.linking import link_boxes
from ICHSegmentationLib.segmentation.two_stage import slice_boxes
from ICHSegmentationLib.systems import network_for

SCORES = (0.3, 0.35, 0.4, 0.45)
LONE = (0.0, 0.45, 0.5, 0.55, 0.6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of bench_postprocessing.py")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--model", default="detector-compact")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    entry = get_model(options.model, folder=options.models)
    network = load_runtime(entry, build=network_for, device="cpu", threads=options.threads)
    held_ml = dict.fromkeys(product(SCORES, LONE), 0.0)
    false = dict.fromkeys(held_ml, 0)
    total_ml, paths = 0.0, sorted((options.folder / "held-out").rglob("*.npz"))
    for path in paths:
        case = HeldOutCase.read(path)
        prepared = prepare_slices(case.volume, entry.input_spec, force=True)
        answers = network.probabilities(prepared.images)
        blood_ml = (case.reference.labels > 0) * (case.volume.grid.voxel_volumes_mm3 / 1000)[:, None, None]
        total_ml += float(blood_ml.sum())
        for score in SCORES:
            found = slice_boxes(answers, prepared, case.volume, entry.model_copy(update={"score_threshold": score}))
            for lone in LONE:
                boxes = link_boxes(found, case.volume.grid, lone_threshold=lone)
                held, wrong = _held(boxes, case, blood_ml)
                held_ml[score, lone] += held
                false[score, lone] += wrong
    print(f"{len(paths)} scans, {total_ml:.0f} mL of blood")
    print("  min. score  min. confidence alone  blood in boxes  boxes without blood")
    for (score, lone), ml in held_ml.items():
        print(f"{score:11.2f}  {lone:22.2f}  {ml / total_ml:14.1%}  {false[score, lone]:19d}")


def _held(boxes: tuple[LesionBox, ...], case: HeldOutCase, blood_ml: np.ndarray) -> tuple[float, int]:
    """Return the blood in boxes (mL) and the number of boxes without blood or ignored voxels."""
    inside = np.zeros(blood_ml.shape, dtype=bool)
    wrong = 0
    for box in boxes:
        region, within = box.voxels(case.volume.grid)
        inside[region] |= within
        wrong += not (within & ((blood_ml[region] > 0) | case.ignored[region])).any()
    return float(blood_ml[inside].sum()), wrong


if __name__ == "__main__":
    main()
