# SPDX-License-Identifier: Apache-2.0
"""Loss of a detector: focal loss for the subtype, GIoU for the sides, cross-entropy for the centre-ness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from monai.losses import FocalLoss
from monai.losses.giou_loss import BoxGIoULoss
from torch import nn
from torch.nn import functional

from ICHSegmentationLib.research.training.data.clot import IGNORE

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import OptimisationSection


class BoxLoss(nn.Module):
    """Loss of FCOS (Tian et al., ICCV 2019, equation 2) with generalised IoU instead of IoU.

    Parameters
    ----------
    gamma, alpha : float
        Parameters of the focal loss (Lin et al. 2017).
    """

    def __init__(self, gamma: float = 2.0, alpha: float = 0.25) -> None:
        super().__init__()
        self._focal = FocalLoss(gamma=gamma, alpha=alpha, reduction="none")
        self._giou = BoxGIoULoss(reduction="none")

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of a `BoxDetector` output (N, kinds + 5, H, W) against `target_maps` (N, 6, H, W)."""
        kinds = output.shape[1] - 5
        true_kind, true_sides, true_centre = target[:, 0].long(), target[:, 1:5], target[:, 5]
        known, own = true_kind != IGNORE, (true_kind > 0) & (true_kind != IGNORE)
        one_hot = functional.one_hot(true_kind * known, kinds + 1)[..., 1:].movedim(-1, 1).float()
        count = own.sum().clamp(min=1)
        by_kind = (self._focal(output[:, :kinds], one_hot) * known[:, None]).sum() / count
        if not own.any():
            return by_kind
        sides = output[:, kinds : kinds + 4].movedim(1, -1)[own]
        weights = true_centre[own]
        apart = self._giou(_corners(sides), _corners(true_sides.movedim(1, -1)[own]))
        by_sides = (apart * weights).sum() / weights.sum().clamp(min=1e-6)
        by_centre = functional.binary_cross_entropy_with_logits(output[:, -1][own], weights)
        loss: torch.Tensor = by_kind + by_sides + by_centre
        return loss


def detector_loss(options: OptimisationSection) -> nn.Module:
    """Make the loss of a detector."""
    return BoxLoss(options.focal_gamma)


def _corners(sides: torch.Tensor) -> torch.Tensor:
    """Convert left, top, right and bottom distances to the corners of a box around 0."""
    left, top, right, bottom = sides.unbind(dim=-1)
    return torch.stack([-left, -top, right, bottom], dim=-1)
