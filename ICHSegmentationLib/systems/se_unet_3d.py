# SPDX-License-Identifier: Apache-2.0
"""3D SE U-Net on patches of the volume (Abramova et al., CMIG 2021)."""

from __future__ import annotations

from typing import Any

from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
from ICHSegmentationLib.systems.spec import SystemSpec, TrainingHooks

_COMMON: dict[str, Any] = {"reduction": 8, "dropout": 0.1}

SYSTEMS = (
    SystemSpec(
        name="se_unet_3d",
        title="3D SE U-Net",
        citation="Abramova et al., Computerized Medical Imaging and Graphics 2021",
        input="patches",
        segmenter=PatchwiseSegmenter,
        network="se_unet_3d.SEUNet3D",
        presets={
            "paper": _COMMON | {"widths": (64, 64, 128, 256), "skips": "add", "excitation": "bottom"},
            "usual": _COMMON | {"widths": (32, 64, 128, 256), "skips": "concat", "excitation": "all"},
            "compact": _COMMON | {"widths": (16, 32, 64, 128), "skips": "concat", "excitation": "all"},
        },
        training=TrainingHooks(dataset="patches.dataset:PatchDataset", validation="patches.validation:patch_dice"),
    ),
)
