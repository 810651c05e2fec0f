# SPDX-License-Identifier: Apache-2.0
"""Detector of lesion boxes on a slice: an anchor-free head (FCOS, Tian et al., ICCV 2019) on a HarDNet body.

It replaces YOLOv5 of the two-stage paper (Rajapakse et al., IEEE Access 2024), whose licence this project cannot use.
One feature map is enough: lesions on head CT measure from a few to a hundred pixels, and the receptive field of the
body covers the whole slice.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ICHSegmentationLib.networks.blocks.layers import ConvUnit, initialise
from ICHSegmentationLib.networks.hardnet import HarDNetBody

MAP_STRIDE = 4
"""Input pixels per position of the map."""

_USUAL_SIDE = 3.0  # positions from a lesion's centre to its edge, before training
_RARE = 0.01  # probability of blood before training, so that the many empty positions do not dominate the loss


class BoxDetector(HarDNetBody):
    """Predicts for each position of a map the subtype, the centre-ness and the distances to the sides of a box.

    Parameters
    ----------
    classes
        Background and subtypes; background has no output.
    head_width, head_layers
        Feature maps and number of 3x3 convolutions of each of the two branches, for subtypes and for boxes.
    **body
        See `ICHSegmentationLib.networks.hardnet.HarDNetBody`.
    """

    def __init__(self, *, classes: int, head_width: int, head_layers: int, **body: Any) -> None:
        super().__init__(**body)
        self.kinds = classes - 1
        self._pooling = MAP_STRIDE // self.stem_stride
        self.class_branch = _branch(self.out_channels, head_width, head_layers)
        self.box_branch = _branch(self.out_channels, head_width, head_layers)
        self.kind = nn.Conv2d(head_width, self.kinds, 3, padding=1)
        self.sides = nn.Conv2d(head_width, 4, 3, padding=1)
        self.centre = nn.Conv2d(head_width, 1, 3, padding=1)
        self.apply(initialise)
        for last, bias in ((self.kind, -math.log((1 - _RARE) / _RARE)), (self.sides, _USUAL_SIDE), (self.centre, 0.0)):
            nn.init.normal_(last.weight, std=0.01)
            if last.bias is not None:
                nn.init.constant_(last.bias, bias)
        self.answer = _Answer(self.kinds)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(N, in_channels, H, W) images -> (N, kinds + 5, H / 4, W / 4).

        Channels: logits of the subtypes, then the distances to left, top, right and bottom in positions of the map
        (positive), then the logit of the centre-ness.
        """
        x = self.features(images)
        if self._pooling > 1:
            x = functional.avg_pool2d(x, self._pooling)
        boxes = self.box_branch(x)
        sides = functional.softplus(self.sides(boxes))
        return torch.cat([self.kind(self.class_branch(x)), sides, self.centre(boxes)], dim=1)


class _Answer(nn.Module):
    """Maps the logits of the output to probabilities; the sides stay the same."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.kinds = kinds

    def forward(self, output: torch.Tensor) -> torch.Tensor:
        kinds, sides, centre = output.split([self.kinds, 4, 1], dim=1)
        return torch.cat([kinds.sigmoid(), sides, centre.sigmoid()], dim=1)


def _branch(in_channels: int, width: int, layers: int) -> nn.Sequential:
    return nn.Sequential(*(ConvUnit(width if layer else in_channels, width) for layer in range(layers)))
