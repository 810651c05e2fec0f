# SPDX-License-Identifier: Apache-2.0
"""Overlap of masks: Dice, IoU, precision and recall from voxel counts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict


class Counts(BaseModel):
    """True positives, false positives, true negatives and false negatives, of voxels or of cases."""

    model_config = ConfigDict(frozen=True)

    tp: int
    fp: int
    tn: int
    fn: int

    @classmethod
    def of(cls, predicted: np.ndarray, reference: np.ndarray) -> Self:
        """Count over two bool arrays of one shape."""
        tp, fp = int((predicted & reference).sum()), int((predicted & ~reference).sum())
        tn, fn = int((~predicted & ~reference).sum()), int((~predicted & reference).sum())
        return cls(tp=tp, fp=fp, tn=tn, fn=fn)

    @classmethod
    def pooled(cls, counts: Iterable[Self]) -> Self:
        """Sum the counts of several cases."""
        rows = [(count.tp, count.fp, count.tn, count.fn) for count in counts]
        tp, fp, tn, fn = (sum(column) for column in zip(*rows, strict=True))
        return cls(tp=tp, fp=fp, tn=tn, fn=fn)

    def rate(self, name: str) -> float | None:
        """Return a metric by its MONAI name, or None if its denominator is 0.

        ``f1 score`` is Dice, ``threat score`` is IoU, ``sensitivity`` is recall.
        """
        import torch
        from monai.metrics.confusion_matrix import compute_confusion_matrix_metric

        matrix = torch.tensor([[self.tp, self.fp, self.tn, self.fn]], dtype=torch.float64)
        value = float(compute_confusion_matrix_metric(name, matrix)[0])
        return None if math.isnan(value) else value


class Overlap(BaseModel):
    """Dice, IoU, precision and recall; a metric whose denominator is 0 is None.

    For two empty masks all are None and excluded from every mean. For a false positive, Dice, IoU and precision are 0
    and recall is None; for a miss, Dice, IoU and recall are 0 and precision is None.
    """

    model_config = ConfigDict(frozen=True)

    dice: float | None
    iou: float | None
    precision: float | None
    recall: float | None

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """Compute the metrics from voxel counts."""
        return cls(
            dice=counts.rate("f1 score"),
            iou=counts.rate("threat score"),
            precision=counts.rate("precision"),
            recall=counts.rate("sensitivity"),
        )
