# SPDX-License-Identifier: Apache-2.0
"""Fixed sinusoidal positional encoding of a grid of tokens."""

from __future__ import annotations

import math

import torch


def positional_encoding(features: torch.Tensor) -> torch.Tensor:
    """Return the encoding of each token's row and column, for any grid.

    Sines and cosines (Vaswani et al. 2017) with a quarter of the channels each for sin(row), cos(row), sin(column),
    cos(column). It has no parameters, so the image size is not limited, and it is the same for every image of a
    batch. The authors' public class indexes the encoding by the position in the *batch*, which does not encode the
    token's position and makes the result depend on the other images.

    Parameters
    ----------
    features
        (N, C, rows, columns), C a multiple of 4. Only shape, type and device matter.

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
