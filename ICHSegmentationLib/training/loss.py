# SPDX-License-Identifier: Apache-2.0
"""Dice + cross-entropy, 1:1 (TransHarDNet, "Loss function"), with voxels that are left out."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from monai.losses import MaskedDiceLoss
from torch import nn

from ICHSegmentationLib.training.clot import IGNORE


class DiceCrossEntropy(nn.Module):
    """Mean of soft Dice over the subtypes of the batch, plus cross-entropy.

    Parameters
    ----------
    class_weights : sequence of float, optional
        Weight of each class in the cross-entropy, background first; equal weights without it.
    """

    def __init__(self, class_weights: Sequence[float] | None = None) -> None:
        super().__init__()
        # The mask multiplies what the Dice loss is given, so it must be given probabilities: masked logits of zero
        # would still be probabilities of one sixth.
        self._dice = MaskedDiceLoss(include_background=False, to_onehot_y=True, batch=True)
        weight = None if class_weights is None else torch.tensor(class_weights)
        self._cross_entropy = nn.CrossEntropyLoss(weight, ignore_index=IGNORE)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Loss of (N, K, H, W) logits against (N, 1, H, W) labels; `IGNORE` voxels count for nothing."""
        known = labels != IGNORE
        dice = self._dice(logits.softmax(dim=1), torch.where(known, labels, 0), known)
        return dice + self._cross_entropy(logits, labels[:, 0])
