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

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "hardnet": {"paper": _HARDNET_PAPER, "compact": _HARDNET_COMPACT},
    "transhardnet": {
        "paper": _HARDNET_PAPER | {"embedding": 512, "transformer_layers": 4, "heads": 8, "mlp": 4096, "dropout": 0.1},
        "compact": _HARDNET_COMPACT
        | {"embedding": 256, "transformer_layers": 2, "heads": 8, "mlp": 512, "dropout": 0.1},
    },
}
