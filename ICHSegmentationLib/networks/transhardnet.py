# SPDX-License-Identifier: Apache-2.0
"""TransHarDNet (Piao et al., Scientific Reports 2023, CC BY 4.0)."""

from __future__ import annotations

from typing import Any

from ICHSegmentationLib.networks.blocks.layers import initialise
from ICHSegmentationLib.networks.blocks.transformer import TransformerBottleneck
from ICHSegmentationLib.networks.hardnet import HarDNet


class TransHarDNet(HarDNet):
    """FC-HarDNet with a transformer between encoder and decoder.

    Parameters
    ----------
    embedding, transformer_layers, heads, mlp, dropout
        See `ICHSegmentationLib.networks.blocks.transformer.TransformerBottleneck`.
    **hardnet
        See `ICHSegmentationLib.networks.hardnet.HarDNet`.
    """

    def __init__(
        self, *, embedding: int, transformer_layers: int, heads: int, mlp: int, dropout: float, **hardnet: Any
    ) -> None:
        super().__init__(**hardnet)
        self.bottleneck = TransformerBottleneck(
            hardnet["widths"][-1],
            embedding=embedding,
            layers=transformer_layers,
            heads=heads,
            mlp=mlp,
            dropout=dropout,
        )
        self.bottleneck.apply(initialise)
