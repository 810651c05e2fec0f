# SPDX-License-Identifier: Apache-2.0
"""Transformer between encoder and decoder (TransHarDNet, "Transformer block" and Table 2)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.networks.blocks.positional_encoding import positional_encoding


class TransformerLayer(nn.Module):
    """Pre-norm transformer layer: self-attention and a two-layer perceptron, each with a residual connection.

    Parameters
    ----------
    embedding
        Channels of a token.
    heads
        Attention heads; divides `embedding`.
    mlp
        Hidden channels of the perceptron.
    dropout
        Dropout rate after attention and perceptron.
    bias
        Whether queries, keys and values have one.
    """

    def __init__(self, *, embedding: int, heads: int, mlp: int, dropout: float, bias: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(embedding)
        self.query_key_value = nn.Linear(embedding, 3 * embedding, bias=bias)
        self.attention_out = nn.Linear(embedding, embedding)
        self.mlp_norm = nn.LayerNorm(embedding)
        self.mlp = nn.Sequential(
            nn.Linear(embedding, mlp),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(mlp, embedding),
        )
        self.dropout = nn.Dropout(dropout)

    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Multi-head self-attention, (N, T, embedding) -> (N, T, embedding)."""
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.query_key_value(tokens).chunk(3, dim=-1)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.attention_out(mixed.transpose(1, 2).flatten(2))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, T, embedding) -> (N, T, embedding)."""
        tokens = tokens + self.dropout(self.attention(self.attention_norm(tokens)))
        return tokens + self.dropout(self.mlp(self.mlp_norm(tokens)))


class TransformerBottleneck(nn.Module):
    """Projection, positional encoding, transformer layers and two 1x1 convolutions back.

    Parameters
    ----------
    channels
        Feature maps in and out, (N, channels, rows, columns) with one token per pixel of any grid.
    embedding
        Channels of a token; a multiple of 4 (positional encoding) and of `heads`.
    layers
        Number of transformer layers.
    heads, mlp, dropout
        See `TransformerLayer`.
    """

    def __init__(self, channels: int, *, embedding: int, layers: int, heads: int, mlp: int, dropout: float) -> None:
        super().__init__()
        if embedding % 4 or embedding % heads:
            raise ValueError(message("networks.embedding", embedding=embedding, heads=heads))
        self.projection = nn.Conv2d(channels, embedding, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential(
            *(TransformerLayer(embedding=embedding, heads=heads, mlp=mlp, dropout=dropout) for _ in range(layers))
        )
        self.norm = nn.LayerNorm(embedding)
        self.mix = nn.Sequential(nn.Conv2d(embedding, embedding, 1), nn.BatchNorm2d(embedding), nn.ReLU(inplace=True))
        self.out = nn.Conv2d(embedding, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, channels, rows, columns) -> (N, channels, rows, columns)."""
        features = self.projection(x)
        features = features + positional_encoding(features)
        tokens = self.norm(self.layers(self.dropout(features.flatten(2).transpose(1, 2))))
        return self.out(self.mix(tokens.transpose(1, 2).unflatten(2, features.shape[-2:])))
