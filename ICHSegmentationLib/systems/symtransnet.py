# SPDX-License-Identifier: Apache-2.0
"""Sym-TransNet (2022) and its baseline, the U-Net."""

from __future__ import annotations

from typing import Any

from ICHSegmentationLib.segmentation.slicewise import SlicewiseSegmenter
from ICHSegmentationLib.systems.spec import SystemSpec

_UNET_PAPER: dict[str, Any] = {"widths": (36, 72, 144, 288)}
_UNET_COMPACT: dict[str, Any] = {"widths": (12, 24, 48, 96)}
_SYMMETRIC: dict[str, Any] = {"dropout": 0.0, "bias": True, "mirror_value": False}

SYSTEMS = (
    SystemSpec(
        name="unet",
        title="U-Net",
        citation="Ronneberger et al., MICCAI 2015; baseline of Sym-TransNet, 2022",
        input="slices",
        segmenter=SlicewiseSegmenter,
        network="unet.UNet",
        presets={"paper": _UNET_PAPER, "compact": _UNET_COMPACT},
    ),
    SystemSpec(
        name="symtransnet",
        title="Sym-TransNet",
        citation="Sym-TransNet, 2022",
        input="slices",
        segmenter=SlicewiseSegmenter,
        network="symtransnet.SymTransNet",
        presets={
            "paper": _UNET_PAPER
            | _SYMMETRIC
            | {"embedding": 512, "layers": 12, "heads": 8, "mlp": 2048, "token_size": 1, "grid": (64, 64)},
            "compact": _UNET_COMPACT
            | _SYMMETRIC
            | {"embedding": 192, "layers": 4, "heads": 6, "mlp": 384, "token_size": 2, "grid": (16, 16)},
        },
    ),
)
