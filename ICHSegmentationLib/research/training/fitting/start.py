# SPDX-License-Identifier: Apache-2.0
"""Initialise a network with the weights of an installed model."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.weights import read_weights

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry

_LOG = logging.getLogger(__name__)


def copy_weights(network: torch.nn.Module, entry: ModelEntry) -> int:
    """Copy all weights of a model that have the same name and shape in the network; others stay unchanged.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    entry : ModelEntry
        An installed model, possibly of another system: a detector has a HarDNet backbone.

    Returns
    -------
    int
        Number of weights copied.

    Raises
    ------
    ModelError
        If the weights are missing or damaged.
    InputError
        If no weights fit.
    """
    own = network.state_dict()
    fitting = {
        name: torch.from_numpy(value)
        for name, value in read_weights(entry).items()
        if name in own and own[name].shape == value.shape
    }
    if not fitting:
        raise InputError(message("research.no_common_weights", model=entry.name))
    network.load_state_dict(fitting, strict=False)
    taken = sum(value.numel() for value in fitting.values())
    _LOG.info("%d of %d weights are those of %s", taken, sum(value.numel() for value in own.values()), entry.name)
    return taken
