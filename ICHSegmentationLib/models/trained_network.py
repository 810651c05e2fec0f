# SPDX-License-Identifier: Apache-2.0
"""The torch network of a model, with its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.manifest import ModelEntry
from ICHSegmentationLib.models.weights import read_weights

if TYPE_CHECKING:
    import torch

NetworkBuilder = Callable[[ModelEntry], Any]
"""Builds the torch network of a model with untrained weights, as `ICHSegmentationLib.systems.network_for`."""


def load_network(entry: ModelEntry, *, build: NetworkBuilder) -> torch.nn.Module:
    """Build a model's network in evaluation mode and float32 on the CPU; imports torch, which takes seconds.

    Parameters
    ----------
    entry : ModelEntry
        The model.
    build : NetworkBuilder
        Builds its network.

    Raises
    ------
    ModelError
        If the weights are missing or damaged, or do not fit the network.
    """
    import torch

    weights = read_weights(entry)
    try:
        network: torch.nn.Module = build(entry)
        network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    except (RuntimeError, TypeError, ValueError) as error:
        raise ModelError(
            message("models.weights_misfit", name=entry.name, system=entry.system, preset=entry.preset)
        ) from error
    return network.eval().requires_grad_(False)
