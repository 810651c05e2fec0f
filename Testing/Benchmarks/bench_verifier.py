# SPDX-License-Identifier: Apache-2.0
"""Answers of the verifier for blood that a model labels IVH, from which two limits of the postprocessing are chosen.

They are `parenchymal_fraction` and `max_parenchymal_ml`. Scans are those of `bench_postprocessing.py` with IPH or IVH:
the validation patients, unchanged and with simulated lesions, and generated heads with IVH, IPH or both, which neither
training nor evaluation uses. All connected components labelled IVH are listed by the fraction of their voxels that the
verifier labels IPH, with their true subtype; then follow the seconds that it takes.

    python Testing/Benchmarks/bench_verifier.py CONFIG --folder runs/postprocessing [--model NAME] [--heads N]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench_postprocessing import EVERY_NEIGHBOUR, STAGES, cases
from scipy import ndimage

from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import LoadedModel, get_model, load_runtime
from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutCase
from ICHSegmentationLib.research.simulation.simulate import simulated_ct
from ICHSegmentationLib.research.training.config import TrainingConfig, read_config
from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
from ICHSegmentationLib.systems import build_segmenter, network_for

FIRST_HEAD = 3_100_000
SUBTYPES = ((Subtype.IVH,), (Subtype.IPH,), (Subtype.IPH, Subtype.IVH))
HEIGHT_MM = 160.0
MIN_ML = 0.1
MIN_TRUE_FRACTION = 0.2  # minimum fraction of true blood in a component; below it, the component has no true subtype


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="keeps the scans between calls")
    parser.add_argument("--model", default="default")
    parser.add_argument("--heads", type=int, default=60)
    options = parser.parse_args()
    entry, loaded = get_model(options.model), LoadedModel()
    second = get_model(entry.verifier)
    rules = replace(PostProcessing.for_model(entry), parenchymal_fraction=None)
    verifier_runtime = load_runtime(second, build=network_for, device="cpu")
    first_model = build_segmenter(entry, loaded.get(entry, build=network_for), rules)
    found: list[tuple[float, str]] = []
    seconds = {"first": [], "second": []}
    for name, case in scans(read_config(options.config), options.folder, options.heads):
        print(name, file=sys.stderr)
        started = time.process_time()
        labels = first_model.segment(case.volume, Stages(STAGES), force=True).label_map.labels
        seconds["first"].append(time.process_time() - started)
        ventricular = labels == Subtype.IVH
        if not ventricular.any():
            continue
        started = time.process_time()
        verifier = PatchwiseSegmenter(second, verifier_runtime, PostProcessing.off(), within=ventricular)
        seen = verifier.segment(case.volume, Stages(STAGES), force=True).label_map.labels == Subtype.IPH
        seconds["second"].append(time.process_time() - started)
        components, count = ndimage.label(ventricular & ~case.ignored, structure=EVERY_NEIGHBOUR)
        for number in range(1, count + 1):
            component = components == number
            volume_ml = float(component.sum(axis=(1, 2)) @ case.volume.grid.voxel_volumes_mm3) / 1000
            if volume_ml >= MIN_ML:
                fraction = float(seen[component].mean())
                found.append((fraction, f"{volume_ml:7.2f} mL {truth(case.labels[component]):<5}{name}"))
    for fraction, text in sorted(found):
        print(f"{fraction:5.2f} {text}")
    for model, taken in seconds.items():
        print(f"{model} model: {np.median(taken):.2f} processor seconds (median of {len(taken)})")


def scans(config: TrainingConfig, folder: Path, heads: int) -> Iterator[tuple[str, HeldOutCase]]:
    """Yield the scans with IPH or IVH."""
    for name, case in cases(config, folder, 0):
        if any(part in name for part in ("IPH", "IVH", "patients")):
            yield name, case
    for number in range(heads):
        subtypes = SUBTYPES[number % len(SUBTYPES)]
        step_mm = float(np.random.default_rng([config.seed, FIRST_HEAD, number]).uniform(3, 7))
        shape, spacing_mm = (round(HEIGHT_MM / step_mm), 420, 420), (step_mm, 0.5, 0.5)
        scan = simulated_ct(FIRST_HEAD + number, subtypes=subtypes, shape=shape, spacing_mm=spacing_mm)
        case = HeldOutCase(scan.volume, scan.labels, np.zeros(scan.labels.shape, dtype=bool))
        yield f"heads/{number}-{'-'.join(subtype.name for subtype in subtypes)}", case


def truth(labels: np.ndarray) -> str:
    """Return the subtype of most of the true blood in a component."""
    counts = np.bincount(labels, minlength=len(Subtype) + 1)
    is_blood = counts[1:].sum() > MIN_TRUE_FRACTION * counts.sum()
    return Subtype(int(counts[1:].argmax()) + 1).name if is_blood else "none"


if __name__ == "__main__":
    main()
