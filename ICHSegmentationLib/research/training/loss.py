# SPDX-License-Identifier: Apache-2.0
"""Dice + cross-entropy and Dice + focal loss, 1:1 (TransHarDNet, "Loss function"), with ignored voxels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from monai.losses import FocalLoss, MaskedDiceLoss
from torch import nn

from ICHSegmentationLib.research.training.data.clot import IGNORE

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import OptimisationSection


class _DicePart(nn.Module):
    """Soft Dice loss: mean over the classes of the batch, without background."""

    def __init__(self) -> None:
        super().__init__()
        # The mask multiplies the input, which must therefore be probabilities: masked logits of zero would give
        # probabilities of one sixth.
        self._dice = MaskedDiceLoss(include_background=False, to_onehot_y=True, batch=True)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        known = labels != IGNORE
        loss: torch.Tensor = self._dice(logits.softmax(dim=1), torch.where(known, labels, 0), known)
        return loss


class DiceCrossEntropy(nn.Module):
    """Soft Dice loss plus cross-entropy.

    Parameters
    ----------
    class_weights : sequence of float, optional
        Weight of each class in the cross-entropy, background first; equal by default.
    shares : tuple of float
        Weights of the Dice loss and the cross-entropy.
    """

    def __init__(
        self, class_weights: Sequence[float] | None = None, *, shares: tuple[float, float] = (1.0, 1.0)
    ) -> None:
        super().__init__()
        self._shares = shares
        self._dice = _DicePart()
        weight = None if class_weights is None else torch.tensor(class_weights, dtype=torch.float32)
        self._cross_entropy = nn.CrossEntropyLoss(weight, ignore_index=IGNORE)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of (N, K, ...) logits against (N, 1, ...) labels; `IGNORE` voxels are ignored."""
        dice: torch.Tensor = self._dice(logits, labels)
        return self._shares[0] * dice + self._shares[1] * self._cross_entropy(logits, labels[:, 0])


class DiceFocal(nn.Module):
    """Soft Dice loss plus focal loss of the softmax.

    Parameters
    ----------
    gamma : float
        Exponent of Lin et al., "Focal Loss for Dense Object Detection", equation 4; 0 gives the cross-entropy.
    class_weights : sequence of float, optional
        Weight of each class in the focal loss, background first.
    """

    def __init__(self, gamma: float = 2.0, class_weights: Sequence[float] | None = None) -> None:
        super().__init__()
        self._dice = _DicePart()
        self.register_buffer("_weights", torch.tensor(class_weights or (1.0,)).float())
        self._weights: torch.Tensor
        self._focal = FocalLoss(gamma=gamma, use_softmax=True, to_onehot_y=True, reduction="none")

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of (N, K, ...) logits against (N, 1, ...) labels; `IGNORE` voxels are ignored."""
        dice: torch.Tensor = self._dice(logits, labels)
        known = labels != IGNORE
        by_class = self._focal(logits, torch.where(known, labels, 0)) * known
        weights = self._weights.reshape(1, -1, *[1] * (logits.ndim - 2))
        return dice + (by_class * weights).sum() / known.sum().clamp(min=1)


def segmentation_loss(options: OptimisationSection) -> nn.Module:
    """Make the loss named in a configuration."""
    if options.loss == "dice_focal":
        return DiceFocal(options.focal_gamma, options.class_weights)
    return DiceCrossEntropy(options.class_weights, shares=options.loss_shares)
