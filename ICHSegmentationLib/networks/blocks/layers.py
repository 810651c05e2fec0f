# SPDX-License-Identifier: Apache-2.0
"""The parts that several networks are made of."""

from __future__ import annotations

import torch
from torch import nn

_BLOOD_AT_FIRST = 0.05  # share of the pixels of a training batch, times the usual class weights


class ConvUnit(nn.Sequential):
    """Convolution, batch normalisation, ReLU.

    Parameters
    ----------
    in_channels, out_channels
        Number of feature maps in and out.
    kernel
        Odd side of the square kernel in pixels; the padding keeps the size.
    stride
        Step of the convolution in pixels.
    bias
        Whether the convolution has one; the normalisation behind it makes it void, but published counts include it.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel: int = 3, stride: int = 1, bias: bool = False
    ) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=bias),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class DoubleConv(nn.Sequential):
    """Two 3x3 convolution units with bias, the step of the usual U-Net.

    Parameters
    ----------
    in_channels, out_channels
        Number of feature maps in and out.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            ConvUnit(in_channels, out_channels, bias=True), ConvUnit(out_channels, out_channels, bias=True)
        )


def check_images(images: torch.Tensor, in_channels: int, stride: int) -> None:
    """Raise `ValueError` unless the images are (N, in_channels, H, W) with H and W multiples of `stride`.

    While the network is recorded for another runtime nothing is checked: sizes are not numbers then.
    """
    if torch.jit.is_tracing():
        return
    if images.ndim != 4 or images.shape[1] != in_channels:
        message = f"the network takes (N, {in_channels}, H, W) images, not {tuple(images.shape)}"
        raise ValueError(message)
    height, width = images.shape[-2:]
    if height % stride or width % stride:
        message = f"image height and width must be multiples of {stride} pixels, not {height} x {width}"
        raise ValueError(message)


def initialise(module: nn.Module) -> None:
    """Set the starting weights of one module; for ``nn.Module.apply``.

    Convolutions before a ReLU: He et al. 2015, by fan-out. Linear layers: normal with a deviation of 0.02, cut at two
    deviations, as is usual for pre-norm transformers. All biases start at zero.
    """
    if isinstance(module, nn.Conv2d | nn.Conv3d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
    bias = getattr(module, "bias", None)
    if isinstance(bias, torch.Tensor):
        nn.init.zeros_(bias)


def initialise_head(head: nn.Conv2d | nn.Conv3d) -> None:
    """Set the starting weights of a last convolution, which gives logits; after `initialise`, which is for a ReLU.

    The training starts with blood about as rare as it is (Lin et al. 2017, "Focal Loss", section 4.1), with weights by
    fan-in. From equal probabilities, or with weights by fan-out, which few classes make large, the first steps silence
    for good all features that speak for blood; what is left shows blood by the absence of all else, never surer than
    the head's bias.
    """
    nn.init.kaiming_normal_(head.weight, nonlinearity="linear")
    kinds = head.out_channels - 1
    head.bias = nn.Parameter(torch.tensor([1 - _BLOOD_AT_FIRST] + [_BLOOD_AT_FIRST / kinds] * kinds).log())
