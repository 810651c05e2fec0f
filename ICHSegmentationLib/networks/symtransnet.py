# SPDX-License-Identifier: Apache-2.0
"""Sym-TransNet: U-Net with a symmetric transformer at its coarsest level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ICHSegmentationLib.networks.blocks.layers import initialise
from ICHSegmentationLib.networks.blocks.symmetric_transformer import SymmetricTransformer
from ICHSegmentationLib.networks.unet import UNet


class SymTransNet(UNet):
    """U-Net whose coarsest features attend to their mirror image.

    The midline must be vertical and central in the image; see
    `ICHSegmentationLib.preprocessing.midline_alignment`.

    Parameters
    ----------
    in_channels, classes, widths
        See `ICHSegmentationLib.networks.unet.UNet`.
    **transformer
        See `ICHSegmentationLib.networks.blocks.symmetric_transformer.SymmetricTransformer`.
    """

    def __init__(self, *, in_channels: int, classes: int, widths: Sequence[int], **transformer: Any) -> None:
        super().__init__(in_channels=in_channels, classes=classes, widths=widths)
        self.stride *= transformer["token_size"]
        self.bottleneck = SymmetricTransformer(widths[-1], **transformer)
        self.bottleneck.apply(initialise)
