# SPDX-License-Identifier: Apache-2.0
"""SwinUnet (Cao et al., ECCV workshops 2022), which the two-stage paper compares TransDeepLab with."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ICHSegmentationLib.networks.blocks.layers import check_images, initialise
from ICHSegmentationLib.networks.blocks.swin import PatchExpanding, PatchMerging, SwinStage
from ICHSegmentationLib.preprocessing.box_crops import CROP_PX

_PATCH, _WINDOW = 4, 7


class SwinUnet(nn.Module):
    """U-Net of Swin transformer blocks.

    Parameters
    ----------
    in_channels, classes
        Channels of the crop, and number of classes, background included.
    width
        Channels of the first stage; each further stage doubles them.
    depths, heads
        Number of blocks and attention heads of each of the four encoder stages; the decoder mirrors the first three.
    """

    stride = CROP_PX

    def __init__(
        self, *, in_channels: int, classes: int, width: int, depths: Sequence[int], heads: Sequence[int]
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        size = CROP_PX // _PATCH
        widths = [width * 2**level for level in range(len(depths))]

        def stage(level: int) -> SwinStage:
            return SwinStage(
                widths[level], depth=depths[level], size=size // 2**level, window=_WINDOW, heads=heads[level]
            )

        upper = range(len(depths) - 1)
        self.patches = nn.Conv2d(in_channels, width, _PATCH, stride=_PATCH)
        self.norm = nn.LayerNorm(width)
        self.encoder = nn.ModuleList(stage(level) for level in range(len(depths)))
        self.mergings = nn.ModuleList(PatchMerging(widths[level]) for level in upper)
        self.expansions = nn.ModuleList(PatchExpanding(2 * widths[level], widths[level], factor=2) for level in upper)
        self.joinings = nn.ModuleList(nn.Linear(2 * widths[level], widths[level]) for level in upper)
        self.decoder = nn.ModuleList(stage(level) for level in upper)
        self.enlarging = PatchExpanding(width, width, factor=_PATCH)
        self.head = nn.Conv2d(width, classes, 1)
        self.apply(initialise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, 224, 224) crops -> (N, classes, 224, 224) logits."""
        check_images(images, self.in_channels, CROP_PX)
        x = self.encoder[0](self.norm(self.patches(images).permute(0, 2, 3, 1)))
        skips = []
        for merging, stage in zip(self.mergings, self.encoder[1:], strict=True):
            skips.append(x)
            x = stage(merging(x))
        ways = zip(self.expansions, self.joinings, self.decoder, skips, strict=True)
        for expansion, joining, stage, skip in reversed(list(ways)):
            x = stage(joining(torch.cat([expansion(x), skip], dim=-1)))
        logits: torch.Tensor = self.head(self.enlarging(x).permute(0, 3, 1, 2))
        return logits
