# SPDX-License-Identifier: Apache-2.0
"""Fixed sinusoidal position code of a grid of tokens."""

from __future__ import annotations

import math

import torch


def positional_encoding(features: torch.Tensor) -> torch.Tensor:
    """Code of each token's row and column, for whatever grid the features have.

    Sines and cosines (Vaswani et al. 2017) with a quarter of the channels each for sin(row), cos(row), sin(column),
    cos(column). It has no parameters, so no table limits the image size, and it is the same for every image of a
    batch: the authors' public class adds a code chosen by the place in the *batch*, which tells a token nothing about
    its position and makes the result depend on the image's neighbours.

    Parameters
    ----------
    features
        (N, C, rows, columns), C a multiple of 4. Only shape, type and device are read.

    Returns
    -------
    torch.Tensor
        (1, C, rows, columns), type and device of `features`.
    """
    rows, columns = features.shape[-2:]
    quarter = features.shape[1] // 4
    device = features.device
    frequencies = torch.exp(torch.arange(quarter, device=device) * (-math.log(10000.0) / quarter))[:, None]
    row_angles = (frequencies * torch.arange(rows, device=device))[:, :, None]
    column_angles = (frequencies * torch.arange(columns, device=device))[:, None, :]
    row_code = torch.cat([row_angles.sin(), row_angles.cos()]).expand(-1, -1, columns)
    column_code = torch.cat([column_angles.sin(), column_angles.cos()]).expand(-1, rows, -1)
    return torch.cat([row_code, column_code])[None].to(features.dtype)
