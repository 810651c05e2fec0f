# SPDX-License-Identifier: Apache-2.0
"""Registry of the systems; importing it does not import torch.

Each module of this package declares the systems of one publication in ``SYSTEMS``; see ``docs/adding-a-system.md``.
"""

from __future__ import annotations

from ICHSegmentationLib.systems.build import build_network, build_segmenter, network_for
from ICHSegmentationLib.systems.choice import available_models, box_model
from ICHSegmentationLib.systems.registry import get_system, system_names
from ICHSegmentationLib.systems.spec import SystemSpec, TrainingHooks

__all__ = [
    "SystemSpec",
    "TrainingHooks",
    "available_models",
    "box_model",
    "build_network",
    "build_segmenter",
    "get_system",
    "network_for",
    "system_names",
]
