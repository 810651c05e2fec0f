# SPDX-License-Identifier: Apache-2.0
"""Constructor arguments of each system and preset; levels from fine to coarse."""

from __future__ import annotations

from typing import Any

_HARDNET_PAPER: dict[str, Any] = {
    "stem_widths": (16, 24, 32, 48),
    "stem_strides": (2, 1, 2, 1),
    "growths": (10, 16, 18, 24, 32),
    "layers": (4, 4, 8, 8, 8),
    "widths": (64, 96, 160, 224, 320),
    "decoder_widths": (63, 119, 187, 267),
    "decoder_growths": (10, 16, 18, 24),
    "decoder_layers": (4, 4, 8, 8),
    "multiplier": 1.7,
    "multiple": 2,
}
_HARDNET_COMPACT: dict[str, Any] = {
    "stem_widths": (16, 16),
    "stem_strides": (2, 1),
    "growths": (16, 16, 32, 32, 32),
    "layers": (2, 4, 4, 4, 8),
    "widths": (32, 48, 96, 128, 192),
    "decoder_widths": (16, 32, 64, 96),
    "decoder_growths": (16, 16, 16, 32),
    "decoder_layers": (2, 2, 4, 4),
    "multiplier": 1.4,
    "multiple": 16,
}

_UNET_PAPER: dict[str, Any] = {"widths": (36, 72, 144, 288)}
_UNET_COMPACT: dict[str, Any] = {"widths": (12, 24, 48, 96)}
_SYMMETRIC: dict[str, Any] = {"dropout": 0.0, "bias": True, "mirror_value": False}
_SE_UNET: dict[str, Any] = {"reduction": 8, "dropout": 0.1}
_TRANS_DEEPLAB: dict[str, Any] = {"windows": (7, 14), "pyramid_depth": 2, "decoder_depth": 2}

SECOND_STAGES = ("two_stage", "two_stage_swin_unet")
"""Systems that take crops of boxes, all of one size."""

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "hardnet": {"paper": _HARDNET_PAPER, "compact": _HARDNET_COMPACT},
    "transhardnet": {
        "paper": _HARDNET_PAPER | {"embedding": 512, "transformer_layers": 4, "heads": 8, "mlp": 4096, "dropout": 0.1},
        "compact": _HARDNET_COMPACT
        | {"embedding": 256, "transformer_layers": 2, "heads": 8, "mlp": 512, "dropout": 0.1},
    },
    "unet": {"paper": _UNET_PAPER, "compact": _UNET_COMPACT},
    "symtransnet": {
        "paper": _UNET_PAPER
        | _SYMMETRIC
        | {"embedding": 512, "layers": 12, "heads": 8, "mlp": 2048, "token_size": 1, "grid": (64, 64)},
        "compact": _UNET_COMPACT
        | _SYMMETRIC
        | {"embedding": 192, "layers": 4, "heads": 6, "mlp": 384, "token_size": 2, "grid": (16, 16)},
    },
    "attfocusnet": {
        "paper": {"widths": (64, 128, 256, 512, 1024), "focus": True, "gates": "concat"},
        "compact": {"widths": (8, 16, 48, 96, 160), "focus": True, "gates": "concat"},
    },
    "detector": {
        "paper": _HARDNET_PAPER
        | {
            "growths": (36, 52, 72, 96, 144),
            "widths": (128, 256, 416, 704, 1024),
            "decoder_widths": (64, 128, 256, 384),
            "decoder_growths": (16, 32, 48, 64),
            "head_width": 256,
            "head_layers": 4,
        },
        "compact": _HARDNET_COMPACT | {"head_width": 112, "head_layers": 3},
    },
    "two_stage": {
        "paper": _TRANS_DEEPLAB | {"width": 96, "depths": (2, 2, 6), "heads": (3, 6, 12)},
        "compact": _TRANS_DEEPLAB | {"width": 32, "depths": (2, 2, 2), "heads": (2, 4, 8)},
    },
    "two_stage_swin_unet": {
        "paper": {"width": 96, "depths": (2, 2, 2, 2), "heads": (3, 6, 12, 24)},
        "compact": {"width": 24, "depths": (2, 2, 2, 2), "heads": (1, 2, 4, 8)},
    },
    "se_unet_3d": {
        "paper": _SE_UNET | {"widths": (64, 64, 128, 256), "skips": "add", "excitation": "bottom"},
        "usual": _SE_UNET | {"widths": (32, 64, 128, 256), "skips": "concat", "excitation": "all"},
        "compact": _SE_UNET | {"widths": (16, 32, 64, 128), "skips": "concat", "excitation": "all"},
    },
}
