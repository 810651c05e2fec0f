# SPDX-License-Identifier: Apache-2.0
"""FC-HarDNet: stem, encoder and decoder of harmonic dense blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ICHSegmentationLib.networks.blocks.hard_block import HarmonicDenseBlock
from ICHSegmentationLib.networks.blocks.layers import ConvUnit, check_images, initialise


class HarDNetBody(nn.Module):
    """U-shaped network of harmonic dense blocks without a head, for one image (slice) at a time.

    All sequences are ordered from the finest to the coarsest level.

    Parameters
    ----------
    in_channels
        Channels of the input: 1, or 1 + 2n for the slice with n neighbours on each side.
    stem_widths, stem_strides
        Feature maps and stride of each 3x3 convolution of the stem.
    growths, layers
        Growth and number of convolutions of the harmonic dense block of each encoder level.
    widths
        Feature maps of the 1x1 convolution after each encoder block; all but the last are followed by 2x2 average
        pooling.
    decoder_widths, decoder_growths, decoder_layers
        The same for the decoder, one level less, with the 1x1 convolution before the block.
    multiplier, multiple
        Widths of the layers in a block, see `ICHSegmentationLib.networks.blocks.hard_block.layer_width`.

    Attributes
    ----------
    stride : int
        Height and width of the input in pixels must be multiples of it.
    stem_stride : int
        Downsampling factor of the features.
    out_channels : int
        Number of feature maps of the output.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        stem_widths: Sequence[int],
        stem_strides: Sequence[int],
        growths: Sequence[int],
        layers: Sequence[int],
        widths: Sequence[int],
        decoder_widths: Sequence[int],
        decoder_growths: Sequence[int],
        decoder_layers: Sequence[int],
        multiplier: float,
        multiple: int,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stem_stride = math.prod(stem_strides)
        self.stride = self.stem_stride * 2 ** (len(widths) - 1)

        stem_inputs = [in_channels, *stem_widths[:-1]]
        self.stem = nn.Sequential(
            *(
                ConvUnit(inputs, outputs, stride=stride)
                for inputs, outputs, stride in zip(stem_inputs, stem_widths, stem_strides, strict=True)
            )
        )

        self.encoder_blocks = nn.ModuleList()
        self.encoder_transitions = nn.ModuleList()
        channels = stem_widths[-1]
        skip_channels: list[int] = []
        for growth, count, width in zip(growths, layers, widths, strict=True):
            block = HarmonicDenseBlock(channels, growth=growth, layers=count, multiplier=multiplier, multiple=multiple)
            self.encoder_blocks.append(block)
            self.encoder_transitions.append(ConvUnit(block.out_channels, width, kernel=1))
            skip_channels.append(block.out_channels)
            channels = width

        self.bottleneck: nn.Module = nn.Identity()

        # From coarse to fine, in the order of the decoder.
        self.decoder_transitions = nn.ModuleList()
        self.decoder_blocks = nn.ModuleList()
        levels = zip(skip_channels[:-1], decoder_widths, decoder_growths, decoder_layers, strict=True)
        for skip, width, growth, count in reversed(list(levels)):
            self.decoder_transitions.append(ConvUnit(channels + skip, width, kernel=1))
            block = HarmonicDenseBlock(width, growth=growth, layers=count, multiplier=multiplier, multiple=multiple)
            self.decoder_blocks.append(block)
            channels = block.out_channels
        self.out_channels = channels

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, H, W) images -> (N, out_channels, H / stem_stride, W / stem_stride)."""
        check_images(images, self.in_channels, self.stride)
        x = self.stem(images)
        skips: list[torch.Tensor] = []
        for block, transition in zip(self.encoder_blocks, self.encoder_transitions, strict=True):
            if skips:
                x = functional.avg_pool2d(x, 2)
            x = block(x)
            skips.append(x)
            x = transition(x)
        skips.pop()  # the coarsest block feeds the bottleneck only
        x = self.bottleneck(x)
        for transition, block in zip(self.decoder_transitions, self.decoder_blocks, strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(transition(torch.cat([x, skips.pop()], dim=1)))
        return x


class HarDNet(HarDNetBody):
    """The body with a head for the classes of each pixel.

    Parameters
    ----------
    classes
        Number of classes, background included.
    **body
        See `HarDNetBody`.
    """

    def __init__(self, *, classes: int, **body: Any) -> None:
        super().__init__(**body)
        self.head = nn.Conv2d(self.out_channels, classes, 1)
        self.apply(initialise)
        # No ReLU follows; with small logits training starts from nearly equal probabilities.
        nn.init.normal_(self.head.weight, std=0.01)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, H, W) images -> (N, classes, H, W) logits."""
        # Table 2 upsamples before the last convolution; both are linear and commute, and this order is cheaper.
        logits = self.head(self.features(images))
        return functional.interpolate(
            logits, scale_factor=float(self.stem_stride), mode="bilinear", align_corners=False
        )
