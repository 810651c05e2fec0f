# SPDX-License-Identifier: Apache-2.0
"""Dice of perfect labels after resampling to a network's pixel size and back to the source grid.

This is an upper limit for any network with such pixels. Scans are those of training patients (the pixel size must not
be chosen on held-out ones), unchanged and with one simulated lesion of each subtype.

    python Testing/Benchmarks/bench_pixel_size.py [--patients N] [--pixels MM [MM ...]]
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.research.evaluation.models.held_out_case import PATIENTS, SIMULATED, HeldOutCase
from ICHSegmentationLib.research.training.config import TrainingConfig, read_config
from ICHSegmentationLib.research.training.datasets.sources import open_sources
from ICHSegmentationLib.research.training.held_out import make_held_out

CONFIG = Path(__file__).resolve().parents[2] / "ICHSegmentationLib/research/training/configs/transhardnet-compact.yaml"
FIELD_MM = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=8)
    parser.add_argument("--pixels", type=float, nargs="+", default=[0.45, 0.6, 0.8, 1.0])
    options = parser.parse_args()
    dice: dict[tuple[str, float], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        config = of_training_patients(read_config(CONFIG), options.patients, Path(folder))
        for file in make_held_out(config):
            if file.group not in (PATIENTS, SIMULATED):
                continue
            case = HeldOutCase.read(file.path)
            for pixel_mm in options.pixels:
                size = math.ceil(FIELD_MM / pixel_mm / 64) * 64
                for subtype, value in there_and_back(case, replace(config.input, pixel_mm=pixel_mm, size_px=size)):
                    where = "real" if file.group == PATIENTS else "simulated"
                    dice[f"{where} {subtype.name}", pixel_mm].append(value)
    print(f"{'median Dice':<16}" + "".join(f"{pixel:>9.2f} mm" for pixel in options.pixels))
    for name in sorted({name for name, _ in dice}):
        values = [dice[name, pixel] for pixel in options.pixels]
        print(f"{name:<16}" + "".join(f"{np.median(value):>12.4f}" for value in values) + f"   ({len(values[0])})")


def of_training_patients(config: TrainingConfig, count: int, folder: Path) -> TrainingConfig:
    """Select every n-th training patient instead of the held-out ones."""
    kept_out = {*config.data.held_out, *config.data.validation, *config.data.excluded}
    names = [name for source in open_sources(config.data) for name in source.names() if name not in kept_out]
    chosen = tuple(names[:: max(len(names) // count, 1)][:count])
    data = config.data.model_copy(update={"held_out": chosen, "folder": folder})
    evaluation = config.evaluation.model_copy(update={"look_alikes": 0})
    return config.model_copy(update={"data": data, "evaluation": evaluation})


def there_and_back(case: HeldOutCase, spec: InputSpec) -> list[tuple[Subtype, float]]:
    """Resample the labels as a scan, map them back as probabilities, and compare."""
    prepared = prepare_slices(case.volume, spec, force=True)
    labels = prepared.orientation.apply(case.labels)[prepared.shown]
    planes = np.stack([prepared.sampling.to_network(labels == value) for value in (0, *Subtype)], axis=1)
    back = prepared.restore(planes).classes
    found = []
    for subtype in Subtype:
        truth, seen = case.labels == subtype, back == subtype
        if truth.any():
            found.append((subtype, float(2 * (truth & seen).sum() / (truth.sum() + seen.sum()))))
    return found


if __name__ == "__main__":
    main()
