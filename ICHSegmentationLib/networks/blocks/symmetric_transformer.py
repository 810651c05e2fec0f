# SPDX-License-Identifier: Apache-2.0
"""Attention between a position and its mirror image (Sym-TransNet, "Symmetric transformer")."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ICHSegmentationLib.networks.blocks.transformer import TransformerLayer


class SymmetricLayer(TransformerLayer):
    """Transformer layer with keys from the features mirrored left to right.

    Query and value of a token come from the features Z, its key from the mirrored features: Q = Z Wq, V = Z Wv,
    K = flip(Z) Wk. The key matrix acts on each token separately, so flipping the keys equals flipping the features.

    Parameters
    ----------
    mirror_value
        Take the values from the mirrored features too. The softmax sums over all tokens, so this is exactly plain
        self-attention: the ablation "transformer without symmetry".
    **layer
        See `ICHSegmentationLib.networks.blocks.transformer.TransformerLayer`.
    """

    def __init__(self, *, mirror_value: bool = False, **layer: Any) -> None:
        super().__init__(**layer)
        self._mirror_value = mirror_value

    def attention(self, tokens: torch.Tensor) -> torch.Tensor:
        """Attention over the tokens of a grid, (N, rows, columns, embedding) -> the same shape."""
        grid = tokens.shape[1:3]
        query, key, value = self.query_key_value(tokens).chunk(3, dim=-1)
        key = key.flip(2)
        if self._mirror_value:
            value = value.flip(2)
        query, key, value = (
            part.flatten(1, 2).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.attention_out(mixed.transpose(1, 2).flatten(2).unflatten(1, grid))


class SymmetricTransformer(nn.Module):
    """Embedding, learned positional encoding, symmetric layers, and projection back to feature maps.

    Parameters
    ----------
    channels
        Feature maps in and out.
    embedding
        Channels of a token.
    layers
        Number of symmetric layers.
    token_size
        Side of the square of pixels that becomes one token. The paper does not state it; the cost grows with the fourth
        power of the tokens per side.
    grid
        Rows and columns of the learned positional encoding, centred on the image: a position keeps its encoding, and
        its distance from the midline, if training uses central crops. Its edge is repeated beyond the grid.
    **layer
        See `SymmetricLayer`.
    """

    def __init__(
        self, channels: int, *, embedding: int, layers: int, token_size: int, grid: tuple[int, int], **layer: Any
    ) -> None:
        super().__init__()
        self._token_size = token_size
        self.embed = nn.Conv2d(channels, embedding, token_size, stride=token_size)
        self.position = nn.Parameter(torch.zeros(1, embedding, *grid))
        self.layers = nn.Sequential(*(SymmetricLayer(embedding=embedding, **layer) for _ in range(layers)))
        self.out = nn.Conv2d(embedding, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, channels, rows, columns) -> the same."""
        features = self.embed(x)
        tokens = self.layers((features + self._position_of(features)).permute(0, 2, 3, 1))
        mixed = self.out(tokens.permute(0, 3, 1, 2))
        if self._token_size == 1:
            return mixed
        return functional.interpolate(mixed, size=x.shape[-2:], mode="bilinear", align_corners=False)

    def _position_of(self, features: torch.Tensor) -> torch.Tensor:
        """Return the positional encoding of each token, (1, embedding, rows, columns)."""
        rows, columns = (
            (torch.arange(size, dtype=self.position.dtype, device=features.device) - (size - 1) / 2) * (2 / length)
            for size, length in zip(features.shape[-2:], self.position.shape[-2:], strict=True)
        )
        grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")[::-1], dim=-1)
        code: torch.Tensor = functional.grid_sample(
            self.position, grid[None], mode="bilinear", padding_mode="border", align_corners=False
        )
        return code
