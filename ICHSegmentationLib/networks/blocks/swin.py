# SPDX-License-Identifier: Apache-2.0
"""Windowed attention (Swin transformer, Liu et al., ICCV 2021) on maps of a fixed size, (N, H, W, C)."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

_FORBIDDEN = -100.0  # added to the logit of positions that only the shift made neighbours


class WindowAttention(nn.Module):
    """Multi-head self-attention within a window, with a relative position bias.

    Parameters
    ----------
    width
        Channels.
    window
        Rows and columns of a window.
    heads
        Number of attention heads.
    """

    def __init__(self, width: int, *, window: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        nn.init.trunc_normal_(self.bias, std=0.02)
        rows, columns = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
        places = torch.stack([rows.flatten(), columns.flatten()])
        apart = places[:, :, None] - places[:, None, :] + window - 1
        self.register_buffer("_pairs", apart[0] * (2 * window - 1) + apart[1], persistent=False)
        self._pairs: torch.Tensor

    def forward(self, windows: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """(N, windows, positions, width) -> the same; ``mask`` (windows, 1, positions, positions) adds to logits."""
        count, places, width = windows.shape[1:]
        qkv = self.qkv(windows).reshape(-1, count, places, 3, self._heads, width // self._heads)
        queries, keys, values = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)
        bias = self.bias[self._pairs].permute(2, 0, 1)[None]
        mixed = functional.scaled_dot_product_attention(
            queries, keys, values, attn_mask=bias if mask is None else bias + mask
        )
        projected: torch.Tensor = self.projection(mixed.transpose(2, 3).reshape(-1, count, places, width))
        return projected


class SwinBlock(nn.Module):
    """Window attention and a perceptron, each with pre-norm and a residual connection.

    Parameters
    ----------
    width, heads
        See `WindowAttention`.
    size
        Rows and columns of the map; multiples of the window, or less than two windows.
    window
        Rows and columns of a window; a smaller map is one window.
    shifted
        Whether the windows are shifted by half their size.
    """

    def __init__(self, width: int, *, size: int, window: int, heads: int, shifted: bool) -> None:
        super().__init__()
        self._size, self._window = size, min(window, size)
        self._shift = self._window // 2 if shifted and size > self._window else 0
        self.before_attention = nn.LayerNorm(width)
        self.attention = WindowAttention(width, window=self._window, heads=heads)
        self.before_perceptron = nn.LayerNorm(width)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        mask = self._shift_mask() if self._shift else None
        self.register_buffer("_mask", mask, persistent=False)
        self._mask: torch.Tensor | None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, size, size, width) -> the same."""
        shift = self._shift
        moved = self.before_attention(x)
        if shift:
            moved = torch.roll(moved, (-shift, -shift), dims=(1, 2))
        mixed = self._joined(self.attention(self._windows(moved), self._mask), x.shape[-1])
        if shift:
            mixed = torch.roll(mixed, (shift, shift), dims=(1, 2))
        x = x + mixed
        added: torch.Tensor = x + self.perceptron(self.before_perceptron(x))
        return added

    def _windows(self, x: torch.Tensor) -> torch.Tensor:
        """(N, size, size, C) -> (N, windows, positions, C), for any batch size."""
        count, window = self._size // self._window, self._window
        parts = x.reshape(-1, count, window, count, window, x.shape[-1]).transpose(2, 3)
        return parts.reshape(-1, count * count, window * window, x.shape[-1])

    def _joined(self, windows: torch.Tensor, width: int) -> torch.Tensor:
        count, window = self._size // self._window, self._window
        parts = windows.reshape(-1, count, count, window, window, width).transpose(2, 3)
        return parts.reshape(-1, self._size, self._size, width)

    def _shift_mask(self) -> torch.Tensor:
        """Return the mask of pairs that are not neighbours in the map, (windows, 1, positions, positions)."""
        side = torch.zeros(self._size)
        side[-self._window : -self._shift], side[-self._shift :] = 1, 2
        region = self._windows((3 * side[:, None] + side[None, :])[None, :, :, None])[0, :, :, 0]
        apart = region[:, :, None] != region[:, None, :]
        return (apart * _FORBIDDEN)[:, None]


class SwinStage(nn.Sequential):
    """Sequence of ``depth`` blocks with alternately shifted windows; see `SwinBlock`."""

    def __init__(self, width: int, *, depth: int, size: int, window: int, heads: int) -> None:
        super().__init__(
            *(
                SwinBlock(width, size=size, window=window, heads=heads, shifted=number % 2 == 1)
                for number in range(depth)
            )
        )


class PatchMerging(nn.Module):
    """Merge 2 x 2 positions to one with twice the channels: (N, H, W, width) -> (N, H/2, W/2, 2 width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Concatenate the four positions of each 2 x 2 square as channels."""
        corners = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        merged: torch.Tensor = self.reduction(self.norm(torch.cat(corners, dim=-1)))
        return merged


class PatchExpanding(nn.Module):
    """Split each position into ``factor`` x ``factor``: (N, H, W, width) -> (N, factor H, factor W, out)."""

    def __init__(self, width: int, out: int, *, factor: int) -> None:
        super().__init__()
        self._factor, self._out = factor, out
        self.expansion = nn.Linear(width, factor * factor * out, bias=False)
        self.norm = nn.LayerNorm(out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Rearrange channels to positions."""
        height, width, factor = x.shape[1], x.shape[2], self._factor
        parts = self.expansion(x).reshape(-1, height, width, factor, factor, self._out).transpose(2, 3)
        expanded: torch.Tensor = self.norm(parts.reshape(-1, height * factor, width * factor, self._out))
        return expanded
