# SPDX-License-Identifier: Apache-2.0
"""Attention gate of a skip connection."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class AttentionGate(nn.Module):
    """Weight each pixel of a skip connection between 0 and 1.

    Both inputs are convolved (1x1), joined, rectified, convolved to one map, and passed through a sigmoid. The paper
    concatenates them; Oktay et al. 2018, whose gate it describes, add them.

    Parameters
    ----------
    channels
        Feature maps of the skip and of the decoder.
    hidden
        Feature maps in between.
    join
        "concat" or "add".
    """

    def __init__(self, channels: int, hidden: int, *, join: Literal["concat", "add"]) -> None:
        super().__init__()
        self._concat = join == "concat"
        self.of_decoder = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.BatchNorm2d(hidden))
        self.of_skip = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.BatchNorm2d(hidden))
        self.weight = nn.Sequential(
            nn.Conv2d(2 * hidden if self._concat else hidden, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid()
        )

    def forward(self, decoder: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        """Two (N, channels, H, W) -> the weighted skip, (N, channels, H, W)."""
        first, second = self.of_decoder(decoder), self.of_skip(skip)
        joined = torch.cat([first, second], dim=1) if self._concat else first + second
        return skip * self.weight(torch.relu(joined))
