# SPDX-License-Identifier: Apache-2.0
"""Squeeze-and-excitation (Hu et al., CVPR 2018) for volumes."""

from __future__ import annotations

import torch
from torch import nn


class SqueezeExcitation(nn.Module):
    """Weight each feature map by a function of the averages of all maps over the patch.

    Because of the average, the result depends on the size of the input: patches at inference must have the size of
    those in training.

    Parameters
    ----------
    channels
        Feature maps.
    reduction
        Reduction of the hidden channels.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.weight = nn.Sequential(
            nn.Linear(channels, channels // reduction, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, channels, D, H, W) -> the same."""
        return x * self.weight(x.mean(dim=(2, 3, 4)))[:, :, None, None, None]
