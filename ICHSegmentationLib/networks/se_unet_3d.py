# SPDX-License-Identifier: Apache-2.0
"""3D U-Net of single convolutions with squeeze-and-excitation (Abramova et al., CMIG 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import nn

from ICHSegmentationLib.networks.blocks.layers import initialise, initialise_head
from ICHSegmentationLib.networks.blocks.squeeze_excitation import SqueezeExcitation


class SEUNet3D(nn.Module):
    """3D U-Net for patches of two channels: the CT and its registered mirror image.

    The published 2,263,042 parameters do not follow from the text. The usual widths (32, 64, 128, 256) with
    concatenated skips and excitation after every step have 2,697,762; "paper" is one of several variants with exactly
    the published number, which the text does not distinguish.

    Parameters
    ----------
    in_channels, classes
        Feature maps in and out, background included.
    widths
        Feature maps of each level, from fine to coarse.
    skips
        "concat" or "add": how skip connections join the decoder.
    excitation
        "all" after every step of encoder and decoder, "bottom" at the coarsest level only, "none" (ablation).
    reduction
        Reduction of the channels inside squeeze-and-excitation.
    dropout
        Dropout rate of feature maps after pooling and upsampling.

    Attributes
    ----------
    stride : int
        Depth, height and width of the input in voxels must be multiples of it.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        widths: Sequence[int],
        skips: Literal["concat", "add"],
        excitation: Literal["all", "bottom", "none"],
        reduction: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stride = 2 ** (len(widths) - 1)
        self._concat = skips == "concat"

        def step(inputs: int, outputs: int, *, bottom: bool = False) -> nn.Module:
            layers: list[nn.Module] = [
                nn.Conv3d(inputs, outputs, 3, padding=1),
                nn.BatchNorm3d(outputs),
                nn.ReLU(inplace=True),
            ]
            if excitation == "all" or (excitation == "bottom" and bottom):
                layers.append(SqueezeExcitation(outputs, reduction))
            return nn.Sequential(*layers)

        levels = list(zip([in_channels, *widths[:-1]], widths, strict=True))
        self.encoder = nn.ModuleList(
            step(inputs, outputs, bottom=number == len(levels) - 1) for number, (inputs, outputs) in enumerate(levels)
        )
        self.down = nn.Sequential(nn.MaxPool3d(2), nn.Dropout3d(dropout))
        pairs = list(reversed(list(pairwise(widths))))
        self.up = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose3d(coarse, fine, 2, stride=2), nn.Dropout3d(dropout))
            for fine, coarse in pairs
        )
        self.decoder = nn.ModuleList(step(2 * fine if self._concat else fine, fine) for fine, _ in pairs)
        self.head = nn.Conv3d(widths[0], classes, 1)
        self.apply(initialise)
        initialise_head(self.head)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, D, H, W) patches -> (N, classes, D, H, W) logits."""
        x = patches
        skips: list[torch.Tensor] = []
        for block in self.encoder:
            x = block(self.down(x) if skips else x)
            skips.append(x)
        skips.pop()
        for up, block in zip(self.up, self.decoder, strict=True):
            x, skip = up(x), skips.pop()
            x = block(torch.cat([x, skip], dim=1) if self._concat else x + skip)
        return self.head(x)
