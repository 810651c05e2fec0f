# SPDX-License-Identifier: Apache-2.0
"""The torch network of a model, with its weights; importing this imports torch, which takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.models.weights import read_weights
from ICHSegmentationLib.networks import build_network

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry


def load_network(entry: ModelEntry) -> torch.nn.Module:
    """Build a model's network, in evaluation mode and float32, on the CPU.

    Raises
    ------
    ModelError
        If the weights are missing or damaged, or do not fit the network that the manifest names.
    """
    weights = read_weights(entry)
    try:
        network = build_network(
            entry.system,
            entry.preset,
            in_channels=entry.input_spec.channels,
            classes=len(entry.classes),
            **entry.network,
        )
        network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    except (RuntimeError, TypeError, ValueError) as error:
        message = f"The weights of model {entry.name} do not fit its network {entry.system}/{entry.preset}."
        raise ModelError(message) from error
    return network.eval().requires_grad_(False)
