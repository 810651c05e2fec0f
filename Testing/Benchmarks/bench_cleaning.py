# SPDX-License-Identifier: Apache-2.0
"""How sure a network is of true bleeds and of what it takes for blood: where a model's limits come from.

Scans are of the validation patients of a training configuration (as they are, with one simulated bleed, with
look-alikes) and generated heads that neither training nor evaluation uses. Every connected piece of blood that is
found is one line: its subtype, volume, mean probability, and whether it touches true blood. Then follow sensitivity
and specificity of the decision whether a scan has a bleed, by the least volume of blood that makes one, under the
model's own limits of certainty (``about.case_minimum_ml``).

    python Testing/Benchmarks/bench_cleaning.py CONFIG --folder runs/cleaning [--model NAME] [--heads N]
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

from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.core.volume import CTVolume
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
class Piece:
    """Connected blood that a network found."""

    case: str
    name: str
    volume_ml: float
    certainty: float
    is_true: bool


@dataclass(frozen=True)
class Unjudged(PostProcessing):
    """The cleaning, and how sure the network was of the scan that was cleaned last."""

    seen: list[np.ndarray] = field(default_factory=list)

    def apply(self, labels: np.ndarray, grid: SliceGrid, *, blood: np.ndarray | None = None) -> np.ndarray:
        self.seen[:] = [] if blood is None else [blood]
        return super().apply(labels, grid, blood=blood)

    @property
    def blood(self) -> np.ndarray:
        return self.seen[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="keeps the scans from one call to the next")
    parser.add_argument("--model", default="default")
    parser.add_argument("--heads", type=int, default=30)
    options = parser.parse_args()
    config, entry = read_config(options.config), get_model(options.model)
    rules = Unjudged(min_confidence=None, parenchymal_fraction=None)  # names as the network gives them
    segmenter = build_segmenter(entry, LoadedModel().get(entry, build=network_for), rules)
    found: list[Piece] = []
    bleeds: dict[str, bool] = {}
    for name, case in cases(config, options.folder, options.heads):
        print(name, file=sys.stderr)
        label_map = segmenter.segment(case.volume, Stages(STAGES), force=True).label_map
        labels = np.where(case.ignored, 0, label_map.labels)
        found += pieces(name, labels, rules.blood, case)
        bleeds[name] = bool(case.labels.any())
    show(found)
    show_decisions(found, bleeds, entry)


def cases(config: TrainingConfig, folder: Path, heads: int) -> Iterator[tuple[str, HeldOutCase]]:
    """Give the scans, made where they are missing."""
    data = config.data.model_copy(update={"held_out": config.data.validation, "validation": (), "folder": folder})
    evaluation = config.evaluation.model_copy(update={"look_alikes": 1, "simulated_per_subtype": COPIES})
    changed = config.model_copy(update={"data": data, "evaluation": evaluation})
    for file in make_held_out(changed):
        if file.group != "look-alikes":  # the one generated head is of the evaluation
            yield f"{file.group}/{file.name}", HeldOutCase.read(file.path)
    for number in range(heads):
        yield f"heads/{number}", a_head(config.seed, number)


def a_head(seed: int, number: int) -> HeldOutCase:
    """Generate a head without blood, with look-alikes."""
    scan = simulated_ct(FIRST_SEED + number)
    rng = np.random.default_rng([seed, FIRST_SEED, number])
    hu = paint_mimics(scan.volume.hu.astype(np.float32), scan.anatomy, rng, random_mimics(rng))
    nothing = np.zeros(scan.labels.shape, dtype=np.uint8)
    volume = CTVolume(np.clip(np.rint(hu), -1024, 32767).astype(np.int16), scan.volume.grid)
    return HeldOutCase(volume, nothing, nothing.astype(bool))


def pieces(name: str, labels: np.ndarray, blood: np.ndarray, case: HeldOutCase) -> Iterator[Piece]:
    """Give every connected piece."""
    numbered, count = ndimage.label(labels > 0, structure=EVERY_NEIGHBOUR)
    voxel_ml = case.volume.grid.voxel_volumes_mm3 / 1000
    for number, box in enumerate(ndimage.find_objects(numbered, count), start=1):
        piece = numbered[box] == number
        volume_ml = float(piece.sum(axis=(1, 2)) @ voxel_ml[box[0]])
        kind = NAMES[int(np.bincount(labels[box][piece]).argmax())]
        certainty = float(blood[box][piece].mean()) / 255
        yield Piece(name, kind, volume_ml, certainty, bool(case.labels[box][piece].any()))


def show(found: list[Piece]) -> None:
    """Print what would be left at each level."""
    by_name: dict[str, list[Piece]] = defaultdict(list)
    for piece in found:
        by_name[piece.name].append(piece)
    for name, of_name in sorted(by_name.items()):
        print(f"\n{name}: least certainty, true pieces and mL kept, false pieces and mL kept")
        for level in LEVELS:
            kept = [piece for piece in of_name if piece.certainty >= level]
            true, false = ([piece.volume_ml for piece in kept if piece.is_true is wanted] for wanted in (True, False))
            print(f"  {level:4.2f} {len(true):5d} {sum(true):8.1f} {len(false):5d} {sum(false):8.1f}")
    false = sorted((piece for piece in found if not piece.is_true), key=lambda piece: -piece.volume_ml)
    print("\nlargest false pieces")
    for piece in false[:25]:
        print(f"  {piece.case:<34}{piece.name} {piece.volume_ml:6.2f} mL, certainty {piece.certainty:.2f}")


def show_decisions(found: list[Piece], bleeds: dict[str, bool], entry: ModelEntry) -> None:
    """Print how well the volume of a scan's blood says whether it has a bleed."""
    limits = {NAMES[label]: limit for label, limit in (PostProcessing.for_model(entry).min_confidence or {}).items()}
    volumes = dict.fromkeys(bleeds, 0.0)
    for piece in found:
        if piece.certainty >= limits.get(piece.name, 0.0):
            volumes[piece.case] += piece.volume_ml
    with_bleed, without = (
        [volumes[name] for name, there in bleeds.items() if there is wanted] for wanted in (True, False)
    )
    print(f"\na bleed from so many mL on: sensitivity ({len(with_bleed)} scans), specificity ({len(without)})")
    for least in DECISION_ML:
        sensitivity = np.mean([volume > least for volume in with_bleed])
        specificity = np.mean([volume <= least for volume in without])
        print(f"  {least:5.2f} {sensitivity:6.3f} {specificity:6.3f}, sum {sensitivity + specificity:.3f}")


if __name__ == "__main__":
    main()
