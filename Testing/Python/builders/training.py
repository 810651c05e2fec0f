# SPDX-License-Identifier: Apache-2.0
"""Training data with a few small squares, and a configuration of a small network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from builders.tiny_model import TINY
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.input_spec import InputSpec
from ICHSegmentationLib.research.training.config import TrainingConfig
from ICHSegmentationLib.research.training.data.data_folder import CaseIndex, DataFolder
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

INPUT = {"window_hu": (0.0, 80.0), "pixel_mm": 2.5, "size_px": 64, "neighbours": 1, "neighbour_distance_mm": 5.0}


def a_configuration(folder: Path, **changes: Any) -> TrainingConfig:
    """Return a configuration; ``data``, ``optimisation`` and others replace single values."""
    content: dict[str, Any] = {
        "seed": 7,
        "system": "hardnet",
        "preset": "compact",
        "network": TINY,
        "input": INPUT,
        "data": {"folder": folder, "painted_per_validation_case": 0},
        "optimisation": {
            "batch": 2,
            "crop_px": 64,
            "steps": 4,
            "epoch_steps": 2,
            "learning_rate": 1e-3,
            "ema_decay": 0.5,
            "bleed_share": 0.75,
            "workers": 0,
        },
    }
    for name, value in changes.items():
        content[name] = content[name] | value if isinstance(content.get(name), dict) else value
    return TrainingConfig.model_validate(content)


def write_squares(root: Path) -> list[Path]:
    """Write two prepared cases: a square of IPH on slice 1 of one, of SDH on slice 2 of the other."""
    folder, files = DataFolder(root), []
    names = ("first", "second")
    for number, (name, subtype) in enumerate(zip(names, (Subtype.IPH, Subtype.SDH), strict=True)):
        grey = np.full((4, 64, 64), 90, dtype=np.uint8)
        labels = np.zeros_like(grey)
        labels[number + 1, 20:40, 20:40] = subtype
        grey[labels > 0] = 190
        files.append(folder.real(name))
        TrainingVolume(grey, labels, np.arange(4) * 5.0).write(files[-1])
    cases = dict.fromkeys(names, "squares")
    CaseIndex(schema=1, input=InputSpec(**INPUT), sources=("squares",), cases=cases, fold=(), fold_number=None).write(
        root
    )
    return files
