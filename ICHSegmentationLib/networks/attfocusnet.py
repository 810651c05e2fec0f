# SPDX-License-Identifier: Apache-2.0
"""AttFocusNet (Peng et al., Frontiers in Neuroscience 2022, CC BY): attention U-Net with Focus paths."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from ICHSegmentationLib.networks.blocks.attention_gate import AttentionGate
from ICHSegmentationLib.networks.blocks.layers import ConvUnit, DoubleConv, check_images, initialise, initialise_head


class AttFocusNet(nn.Module):
    """U-Net with attention gates on its skips and a Focus path parallel to each pooling.

    The Focus path rearranges pixels to channels (C to 4C maps of half the size), convolves them to C/2 maps, and
    concatenates them to the pooled maps, so no pixel is lost (Figs. 1-3; the paper does not say whether C counts before
    or after the rearrangement, nor how the two are fused).

    Parameters
    ----------
    in_channels, classes
        Feature maps in and out, background included.
    widths
        Feature maps of each level, from fine to coarse.
    focus
        Whether there are Focus paths (False for the ablation).
    gates
        "concat" as in the paper's text, "add" as in the attention U-Net, "none" for plain skips (ablation).

    Attributes
    ----------
    stride : int
        Height and width of the input in pixels must be multiples of it.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        widths: Sequence[int],
        focus: bool,
        gates: Literal["concat", "add", "none"],
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stride = 2 ** (len(widths) - 1)
        self.focus = nn.ModuleList(ConvUnit(4 * width, width // 2, bias=True) for width in widths[:-1] if focus)
        down = [in_channels, *(width + (width // 2 if focus else 0) for width in widths[:-1])]
        self.encoder = nn.ModuleList(DoubleConv(inputs, outputs) for inputs, outputs in zip(down, widths, strict=True))
        pairs = list(reversed(list(pairwise(widths))))
        self.up = nn.ModuleList(ConvUnit(coarse, fine, bias=True) for fine, coarse in pairs)
        self.gates = nn.ModuleList(AttentionGate(fine, fine // 2, join=gates) for fine, _ in pairs if gates != "none")
        self.decoder = nn.ModuleList(DoubleConv(2 * fine, fine) for fine, _ in pairs)
        self.head = nn.Conv2d(widths[0], classes, 1)
        self.apply(initialise)
        initialise_head(self.head)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, H, W) images -> (N, classes, H, W) logits."""
        check_images(images, self.in_channels, self.stride)
        x = self.encoder[0](images)
        skips: list[torch.Tensor] = []
        for level, block in enumerate(list(self.encoder)[1:]):
            skips.append(x)
            down = [functional.max_pool2d(x, 2)]
            if self.focus:
                down.append(self.focus[level](functional.pixel_unshuffle(x, 2)))
            x = block(torch.cat(down, dim=1))
        for level, (up, block) in enumerate(zip(self.up, self.decoder, strict=True)):
            x = up(functional.interpolate(x, scale_factor=2.0, mode="nearest"))
            skip = skips.pop()
            x = block(torch.cat([self.gates[level](x, skip) if self.gates else skip, x], dim=1))
        return self.head(x)
