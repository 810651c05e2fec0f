# SPDX-License-Identifier: Apache-2.0
"""Layers that several networks share."""

from __future__ import annotations

import torch
from torch import nn

from ICHSegmentationLib.core.messages import message

_BLOOD_AT_FIRST = 0.05  # fraction of blood in a training batch, times the usual class weights


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
        Whether the convolution has one; the normalisation makes it redundant, but published counts include it.
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
    """Two 3x3 convolution units with bias, as in the U-Net.

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

    Nothing is checked while the network is traced, because sizes are not numbers then.
    """
    if torch.jit.is_tracing():
        return
    if images.ndim != 4 or images.shape[1] != in_channels:
        raise ValueError(message("networks.image_shape", channels=in_channels, shape=tuple(images.shape)))
    height, width = images.shape[-2:]
    if height % stride or width % stride:
        raise ValueError(message("networks.image_size", stride=stride, height=height, width=width))


def initialise(module: nn.Module) -> None:
    """Initialise one module; for ``nn.Module.apply``.

    Convolutions before a ReLU: He et al. 2015, by fan-out. Linear layers: normal with a standard deviation of 0.02,
    truncated at two deviations, as usual for pre-norm transformers. Biases: zero.
    """
    if isinstance(module, nn.Conv2d | nn.Conv3d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02, a=-0.04, b=0.04)
    bias = getattr(module, "bias", None)
    if isinstance(bias, torch.Tensor):
        nn.init.zeros_(bias)


def initialise_head(head: nn.Conv2d | nn.Conv3d) -> None:
    """Initialise the last convolution, which returns logits; to be called after `initialise`, which is for a ReLU.

    The bias gives blood about its true frequency (Lin et al. 2017, "Focal Loss", section 4.1), the weights are by
    fan-in. With equal probabilities, or with weights by fan-out, which are large for few classes, the first steps of
    training permanently suppress all features of blood; the network then detects blood only by the absence of other
    features, with a confidence limited by the head's bias.
    """
    nn.init.kaiming_normal_(head.weight, nonlinearity="linear")
    kinds = head.out_channels - 1
    head.bias = nn.Parameter(torch.tensor([1 - _BLOOD_AT_FIRST] + [_BLOOD_AT_FIRST / kinds] * kinds).log())
