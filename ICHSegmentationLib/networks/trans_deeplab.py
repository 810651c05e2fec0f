# SPDX-License-Identifier: Apache-2.0
"""TransDeepLab (Azad et al., PRIME 2022), the second stage of Rajapakse et al., IEEE Access 2024, for crops of boxes.

A DeepLab v3+ whose convolutions are Swin transformer blocks: an encoder of three stages, a pyramid of windows of
several sizes in place of the atrous convolutions, channel and spatial attention over the levels, and a decoder with a
skip connection from the encoder's first stage. Written from the papers; the published code has no licence. The size
differs by less than 1 % from the paper's 21.14 M parameters with two levels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ICHSegmentationLib.networks.blocks.layers import check_images, initialise
from ICHSegmentationLib.networks.blocks.swin import PatchExpanding, PatchMerging, SwinStage
from ICHSegmentationLib.preprocessing.box_crops import CROP_PX

_PATCH = 4


class TransDeepLab(nn.Module):
    """Swin encoder, pyramid of windows, decoder with one skip.

    Parameters
    ----------
    in_channels, classes
        Channels of the crop, and number of classes, background included.
    width
        Channels of the first stage; each further stage doubles them.
    depths, heads
        Number of blocks and attention heads of each of the three stages.
    windows
        Side of the windows of each pyramid level, at 1/16 of the crop's resolution.
    pyramid_depth, decoder_depth
        Number of blocks of each pyramid level and of the decoder.
    """

    stride = CROP_PX

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        width: int,
        depths: Sequence[int],
        heads: Sequence[int],
        windows: Sequence[int],
        pyramid_depth: int,
        decoder_depth: int,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        size, window = CROP_PX // _PATCH, windows[0]
        self.patches = nn.Conv2d(in_channels, width, _PATCH, stride=_PATCH)
        self.norm = nn.LayerNorm(width)
        self.stages = nn.ModuleList(
            SwinStage(width * 2**level, depth=depth, size=size // 2**level, window=window, heads=count)
            for level, (depth, count) in enumerate(zip(depths, heads, strict=True))
        )
        self.mergings = nn.ModuleList(PatchMerging(width * 2**level) for level in range(len(depths) - 1))
        deepest = 2 ** (len(depths) - 1)
        self.pyramid = nn.ModuleList(
            SwinStage(width * deepest, depth=pyramid_depth, size=size // deepest, window=one, heads=heads[-1])
            for one in windows
        )
        joined = width * deepest * len(windows)
        self.weighing = ChannelAndPlaceAttention(joined)
        self.expansion = PatchExpanding(joined, width, factor=deepest)
        self.joining = nn.Linear(2 * width, width)
        self.decoder = SwinStage(width, depth=decoder_depth, size=size, window=window, heads=heads[0])
        self.enlarging = PatchExpanding(width, width, factor=_PATCH)
        self.head = nn.Conv2d(width, classes, 1)
        self.apply(initialise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, 224, 224) crops -> (N, classes, 224, 224) logits."""
        check_images(images, self.in_channels, CROP_PX)
        x = self.norm(self.patches(images).permute(0, 2, 3, 1))
        x = fine = self.stages[0](x)
        for merging, stage in zip(self.mergings, self.stages[1:], strict=True):
            x = stage(merging(x))
        x = self.weighing(torch.cat([level(x) for level in self.pyramid], dim=-1))
        x = self.decoder(self.joining(torch.cat([self.expansion(x), fine], dim=-1)))
        logits: torch.Tensor = self.head(self.enlarging(x).permute(0, 3, 1, 2))
        return logits


class ChannelAndPlaceAttention(nn.Module):
    """Channel attention, then spatial attention (CBAM, Woo et al., ECCV 2018); (N, H, W, C) -> the same shape."""

    def __init__(self, width: int, *, reduction: int = 8) -> None:
        super().__init__()
        self.channels = nn.Sequential(
            nn.Linear(width, width // reduction), nn.ReLU(inplace=True), nn.Linear(width // reduction, width)
        )
        self.places = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply the input by both attention weights."""
        means, peaks = x.mean(dim=(1, 2), keepdim=True), x.amax(dim=(1, 2), keepdim=True)
        x = x * (self.channels(means) + self.channels(peaks)).sigmoid()
        summary = torch.cat([x.mean(dim=-1, keepdim=True), x.amax(dim=-1, keepdim=True)], dim=-1)
        weighed: torch.Tensor = x * self.places(summary.permute(0, 3, 1, 2)).sigmoid().permute(0, 2, 3, 1)
        return weighed
