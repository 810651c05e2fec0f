# SPDX-License-Identifier: Apache-2.0
"""Harmonic dense block (Chao et al., ICCV 2019; TransHarDNet, Eq. 1)."""

from __future__ import annotations

import math

import torch
from torch import nn

from ICHSegmentationLib.networks.blocks.layers import ConvUnit


def harmonic_links(layer: int) -> list[int]:
    """Return the layers that feed a layer of a harmonic dense block, nearest first.

    Layer ``k`` is linked to ``k - 2**n`` for each n where ``2**n`` divides ``k``; layer 0 is the block's input.
    The paper's Eq. 1 prints the fraction upside down (``2**n / k`` instead of ``k / 2**n`` as the natural number).

    Parameters
    ----------
    layer
        Number k of the layer, from 1.
    """
    return [layer - 2**n for n in range(layer.bit_length()) if layer % 2**n == 0]


def layer_width(layer: int, growth: int, multiplier: float, multiple: int) -> int:
    """Return the feature maps of a layer: the growth times the multiplier for each link beyond the first.

    Parameters
    ----------
    layer
        Number k of the layer, from 1.
    growth
        Feature maps of a layer with one link.
    multiplier
        The paper's "m", 1.7 in FC-HarDNet-70.
    multiple
        The width is rounded to the nearest multiple of this (2 in FC-HarDNet-70).
    """
    width = growth * multiplier ** (len(harmonic_links(layer)) - 1)
    return multiple * max(1, math.floor(width / multiple + 0.5))


class HarmonicDenseBlock(nn.Module):
    """3x3 convolutions with harmonic links; the output concatenates the odd layers and the last one.

    Parameters
    ----------
    in_channels
        Feature maps of the input, (N, in_channels, H, W).
    growth, multiplier, multiple
        See `layer_width`.
    layers
        Number of convolutions.

    Attributes
    ----------
    out_channels : int
        Feature maps of the output, (N, out_channels, H, W).
    """

    def __init__(self, in_channels: int, *, growth: int, layers: int, multiplier: float, multiple: int) -> None:
        super().__init__()
        widths = [in_channels] + [layer_width(k, growth, multiplier, multiple) for k in range(1, layers + 1)]
        self.links = [harmonic_links(k) for k in range(1, layers + 1)]
        self.outputs = [k for k in range(1, layers + 1) if k % 2 == 1 or k == layers]
        self.convolutions = nn.ModuleList(
            ConvUnit(sum(widths[link] for link in links), widths[k]) for k, links in enumerate(self.links, start=1)
        )
        self.out_channels = sum(widths[k] for k in self.outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H, W)."""
        features = [x]
        for links, convolution in zip(self.links, self.convolutions, strict=True):
            linked = [features[link] for link in links]
            features.append(convolution(linked[0] if len(linked) == 1 else torch.cat(linked, dim=1)))
        return torch.cat([features[k] for k in self.outputs], dim=1)
