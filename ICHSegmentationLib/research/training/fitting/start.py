# SPDX-License-Identifier: Apache-2.0
"""Begin a training with the weights of a model that is there already."""

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


def take_weights(network: torch.nn.Module, entry: ModelEntry) -> int:
    """Give a network all of a model's weights that have the same name and shape in it; the others stay as they are.

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place.
    entry : ModelEntry
        An installed model, also of another system: a detector has the body of a HarDNet.

    Returns
    -------
    int
        Number of weights taken.

    Raises
    ------
    ModelError
        If the model's file is missing or damaged.
    InputError
        If nothing fits.
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
