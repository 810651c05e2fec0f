# SPDX-License-Identifier: Apache-2.0
"""Confidence of a network in true and false lesions, from which a model's confidence limits are chosen.

Scans are the validation patients of a training configuration (unchanged, with one simulated lesion, with mimics) and
generated heads that neither training nor evaluation uses. Each connected component of predicted blood is listed with
its subtype, volume, mean probability, and whether it touches true blood. Then follow sensitivity and specificity of
detecting hemorrhage per scan, by the minimum volume that counts (``about.case_minimum_ml``), with the model's own
confidence limits.

    python Testing/Benchmarks/bench_postprocessing.py CONFIG --folder runs/postprocessing [--model NAME] [--heads N]
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.models import LoadedModel, ModelEntry, get_model
from ICHSegmentationLib.research.evaluation.models.held_out_case import HeldOutCase
from ICHSegmentationLib.research.simulation.mimics import paint_mimics, random_mimics
from ICHSegmentationLib.research.simulation.simulate import simulated_ct
from ICHSegmentationLib.research.training.config import TrainingConfig, read_config
from ICHSegmentationLib.research.training.held_out import make_held_out
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
from ICHSegmentationLib.systems import build_segmenter, network_for

FIRST_SEED = 3_000_000
COPIES = 3
STAGES = {"preprocess": 0.3, "infer": 0.6, "postprocess": 0.1}
DECISION_ML = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
LEVELS = (0.0, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
NAMES = {**{int(subtype): subtype.name for subtype in Subtype}, UNKNOWN_SUBTYPE: ANY_BLOOD}
EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=bool)


@dataclass(frozen=True)
class Component:
    """Connected component of predicted blood."""

    case: str
    name: str
    volume_ml: float
    confidence: float
    is_true: bool


@dataclass(frozen=True)
class RecordingPostProcessing(PostProcessing):
    """Postprocessing that records the probabilities of the last scan."""

    seen: list[np.ndarray] = field(default_factory=list)

    def apply(
        self, labels: np.ndarray, grid: SliceGrid, *, hu: np.ndarray | None = None, blood: np.ndarray | None = None
    ) -> np.ndarray:
        self.seen[:] = [] if blood is None else [blood]
        return super().apply(labels, grid, hu=hu, blood=blood)

    @property
    def blood(self) -> np.ndarray:
        return self.seen[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="keeps the scans between calls")
    parser.add_argument("--model", default="default")
    parser.add_argument("--heads", type=int, default=30)
    options = parser.parse_args()
    config, entry = read_config(options.config), get_model(options.model)
    rules = RecordingPostProcessing(min_confidence=None, parenchymal_fraction=None)  # labels as the network names them
    segmenter = build_segmenter(entry, LoadedModel().get(entry, build=network_for), rules)
    found: list[Component] = []
    has_blood: dict[str, bool] = {}
    for name, case in cases(config, options.folder, options.heads):
        print(name, file=sys.stderr)
        label_map = segmenter.segment(case.volume, Stages(STAGES), force=True).label_map
        labels = np.where(case.ignored, 0, label_map.labels)
        found += components_of(name, labels, rules.blood, case)
        has_blood[name] = bool(case.labels.any())
    show(found)
    show_decisions(found, has_blood, entry)


def cases(config: TrainingConfig, folder: Path, heads: int) -> Iterator[tuple[str, HeldOutCase]]:
    """Yield the scans; generate those that are missing."""
    data = config.data.model_copy(update={"held_out": config.data.validation, "validation": (), "folder": folder})
    evaluation = config.evaluation.model_copy(update={"look_alikes": 1, "simulated_per_subtype": COPIES})
    changed = config.model_copy(update={"data": data, "evaluation": evaluation})
    for file in make_held_out(changed):
        if file.group != "look-alikes":  # the evaluation uses the other generated head
            yield f"{file.group}/{file.name}", HeldOutCase.read(file.path)
    for number in range(heads):
        yield f"heads/{number}", a_head(config.seed, number)


def a_head(seed: int, number: int) -> HeldOutCase:
    """Generate a head without blood, with mimics."""
    scan = simulated_ct(FIRST_SEED + number)
    rng = np.random.default_rng([seed, FIRST_SEED, number])
    hu = paint_mimics(scan.volume.hu.astype(np.float32), scan.anatomy, rng, random_mimics(rng))
    nothing = np.zeros(scan.labels.shape, dtype=np.uint8)
    volume = CTVolume(np.clip(np.rint(hu), -1024, 32767).astype(np.int16), scan.volume.grid)
    return HeldOutCase(volume, nothing, nothing.astype(bool))


def components_of(name: str, labels: np.ndarray, blood: np.ndarray, case: HeldOutCase) -> Iterator[Component]:
    """Yield every connected component."""
    numbered, count = ndimage.label(labels > 0, structure=EVERY_NEIGHBOUR)
    voxel_ml = case.volume.grid.voxel_volumes_mm3 / 1000
    for number, box in enumerate(ndimage.find_objects(numbered, count), start=1):
        component = numbered[box] == number
        volume_ml = float(component.sum(axis=(1, 2)) @ voxel_ml[box[0]])
        kind = NAMES[int(np.bincount(labels[box][component]).argmax())]
        confidence = float(blood[box][component].mean()) / 255
        yield Component(name, kind, volume_ml, confidence, bool(case.labels[box][component].any()))


def show(found: list[Component]) -> None:
    """Print what remains at each confidence limit."""
    by_name: dict[str, list[Component]] = defaultdict(list)
    for component in found:
        by_name[component.name].append(component)
    for name, of_name in sorted(by_name.items()):
        print(f"\n{name}: minimum confidence, true components and mL kept, false components and mL kept")
        for level in LEVELS:
            kept = [component for component in of_name if component.confidence >= level]
            true, false = (
                [component.volume_ml for component in kept if component.is_true is wanted] for wanted in (True, False)
            )
            print(f"  {level:4.2f} {len(true):5d} {sum(true):8.1f} {len(false):5d} {sum(false):8.1f}")
    false = sorted(
        (component for component in found if not component.is_true), key=lambda component: -component.volume_ml
    )
    print("\nlargest false components")
    for each in false[:25]:
        print(f"  {each.case:<34}{each.name} {each.volume_ml:6.2f} mL, confidence {each.confidence:.2f}")


def show_decisions(found: list[Component], has_blood: dict[str, bool], entry: ModelEntry) -> None:
    """Print how well the predicted volume detects hemorrhage per scan."""
    limits = {NAMES[label]: limit for label, limit in (PostProcessing.for_model(entry).min_confidence or {}).items()}
    volumes = dict.fromkeys(has_blood, 0.0)
    for component in found:
        if component.confidence >= limits.get(component.name, 0.0):
            volumes[component.case] += component.volume_ml
    with_blood, without = (
        [volumes[name] for name, there in has_blood.items() if there is wanted] for wanted in (True, False)
    )
    print(f"\nhemorrhage from so many mL on: sensitivity ({len(with_blood)} scans), specificity ({len(without)})")
    for minimum_ml in DECISION_ML:
        sensitivity = np.mean([volume > minimum_ml for volume in with_blood])
        specificity = np.mean([volume <= minimum_ml for volume in without])
        print(f"  {minimum_ml:5.2f} {sensitivity:6.3f} {specificity:6.3f}, sum {sensitivity + specificity:.3f}")


if __name__ == "__main__":
    main()
