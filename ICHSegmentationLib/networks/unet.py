# SPDX-License-Identifier: Apache-2.0
"""U-Net with bilinear upsampling: baseline and backbone of Sym-TransNet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from ICHSegmentationLib.networks.blocks.layers import DoubleConv, check_images, initialise, initialise_head


class UNet(nn.Module):
    """U-Net of double convolutions with max-pooling, bilinear upsampling and concatenated skips.

    Parameters
    ----------
    in_channels, classes
        Feature maps in and out, background included.
    widths
        Feature maps of each level, from fine to coarse.

    Attributes
    ----------
    stride : int
        Height and width of the input in pixels must be multiples of it.
    bottleneck : torch.nn.Module
        Module at the coarsest level; the identity in a plain U-Net.
    """

    def __init__(self, *, in_channels: int, classes: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stride = 2 ** (len(widths) - 1)
        self.encoder = nn.ModuleList(
            DoubleConv(inputs, outputs) for inputs, outputs in zip([in_channels, *widths[:-1]], widths, strict=True)
        )
        self.bottleneck: nn.Module = nn.Identity()
        # From coarse to fine, in the order of the decoder.
        self.decoder = nn.ModuleList(
            DoubleConv(coarse + fine, fine) for fine, coarse in reversed(list(pairwise(widths)))
        )
        self.head = nn.Conv2d(widths[0], classes, 1)
        self.apply(initialise)
        initialise_head(self.head)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, H, W) images -> (N, classes, H, W) logits."""
        check_images(images, self.in_channels, self.stride)
        x = images
        skips: list[torch.Tensor] = []
        for block in self.encoder:
            x = block(functional.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        x = self.bottleneck(skips.pop())
        for block in self.decoder:
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skips.pop()], dim=1))
        return self.head(x)
