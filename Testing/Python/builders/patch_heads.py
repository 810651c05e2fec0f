# SPDX-License-Identifier: Apache-2.0
"""Prepared heads with a skull, and a configuration of a small patch-wise network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from builders.training import a_configuration
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.config import TrainingConfig
from ICHSegmentationLib.research.training.data.data_folder import DataFolder
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

BRAIN, BLOOD, BONE = 90, 190, 255
SLICES = 8
SHAPE = (SLICES, 64, 64)
IPH_BOX = (slice(2, 5), slice(20, 28), slice(14, 22))
IVH_BOX = (slice(3, 6), slice(34, 38), slice(36, 42))
PATCHES = {"size": (8, 16, 16), "stride": (3, 7, 7), "mirrored": True}


def a_prepared_head(*, iph: bool = True, ivh: bool = True) -> TrainingVolume:
    """Return a skull around uniform brain (2.5 mm pixels), symmetric except for blood on the left of the image."""
    y, x = np.mgrid[: SHAPE[1], : SHAPE[2]] - 31.5
    radius = np.hypot(x / 24, y / 28)
    plane = np.where(radius < 1, BONE, 0) + np.where(radius < 0.9, BRAIN - BONE, 0)
    grey, labels = np.repeat(plane[None], SLICES, axis=0).astype(np.uint8), np.zeros(SHAPE, dtype=np.uint8)
    for wanted, box, subtype in ((iph, IPH_BOX, Subtype.IPH), (ivh, IVH_BOX, Subtype.IVH)):
        if wanted:
            grey[box], labels[box] = BLOOD, subtype
    return TrainingVolume(grey, labels, np.arange(SLICES) * 5.0)


def write_heads(root: Path) -> list[Path]:
    """Write three prepared heads: with IPH and IVH, with IVH only, and without blood."""
    files = []
    for name, blood in (("both", {}), ("ivh", {"iph": False}), ("none", {"iph": False, "ivh": False})):
        files.append(DataFolder(root).real(name))
        a_prepared_head(**blood).write(files[-1])
    return files


def a_patch_configuration(folder: Path, **changes: Any) -> TrainingConfig:
    """Return `a_configuration` for patches of IPH."""
    content: dict[str, Any] = {
        "system": "se_unet_3d",
        "network": {"widths": (8, 8, 8, 8)},
        "classes": ("background", "IPH"),
        "input": {"neighbours": 0, "neighbour_distance_mm": 3.0, "patches": PATCHES},
    }
    config = a_configuration(folder).model_dump()
    for name, value in (content | changes).items():
        replaced = isinstance(config[name], dict) and name != "network"
        config[name] = config[name] | value if replaced else value
    return TrainingConfig.model_validate(config)
