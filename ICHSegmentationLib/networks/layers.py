# SPDX-License-Identifier: Apache-2.0
"""The convolution unit that every part of the networks is made of."""

from __future__ import annotations

import torch
from torch import nn


class ConvUnit(nn.Sequential):
    """Convolution without bias, batch normalisation, ReLU.

    Parameters
    ----------
    in_channels, out_channels
        Number of feature maps in and out.
    kernel
        Odd side of the square kernel in pixels; the padding keeps the size.
    stride
        Step of the convolution in pixels.
    """

    def __init__(self, in_channels: int, out_channels: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


def initialise(module: nn.Module) -> None:
    """Set the starting weights of one module; for ``nn.Module.apply``.

    Convolutions before a ReLU: He et al. 2015, by fan-out. Linear layers: normal with a deviation of 0.02, cut at two
    deviations, as is usual for pre-norm transformers. All biases start at zero.
    """
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
    bias = getattr(module, "bias", None)
    if isinstance(bias, torch.Tensor):
        nn.init.zeros_(bias)
