# SPDX-License-Identifier: Apache-2.0
"""Overlap metrics from voxel counts, and undefined metrics of empty masks."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.research.evaluation.metrics.overlap import Counts, Overlap


def test_figures_are_those_computed_by_hand():
    """6 right, 2 too many, 4 missed: Dice 12/18, IoU 6/12, precision 6/8, recall 6/10."""
    overlap = Overlap.of(Counts(tp=6, fp=2, tn=0, fn=4))

    assert overlap.dice == pytest.approx(2 / 3)
    assert overlap.iou == pytest.approx(0.5)
    assert overlap.precision == pytest.approx(0.75)
    assert overlap.recall == pytest.approx(0.6)


def test_counts_agree_with_monai():
    import torch
    from monai.metrics.confusion_matrix import get_confusion_matrix

    predicted, reference = np.random.default_rng(1).random((2, 4, 6, 5)) < 0.4
    counts = Counts.of(predicted, reference)

    one_hot = (torch.from_numpy(mask.astype(np.uint8))[None, None] for mask in (predicted, reference))
    assert get_confusion_matrix(*one_hot)[0, 0].tolist() == [counts.tp, counts.fp, counts.tn, counts.fn]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0, 0), (None, None, None, None)),
        ((0, 7, 0, 0), (0, 0, 0, None)),
        ((0, 0, 0, 7), (0, 0, None, 0)),
        ((7, 0, 0, 0), (1, 1, 1, 1)),
    ],
    ids=["both empty", "reference empty", "prediction empty", "equal"],
)
def test_empty_masks(counts, expected):
    overlap = Overlap.of(Counts(**dict(zip(("tp", "fp", "tn", "fn"), counts, strict=True))))

    assert (overlap.dice, overlap.iou, overlap.precision, overlap.recall) == expected


def test_pooling_sums_voxels_and_does_not_average_cases():
    """A large bleed found wholly (Dice 1) and a small one missed (Dice 0): 0.5 per case, 2 * 90 / 190 pooled."""
    large, small = Counts(tp=90, fp=0, tn=0, fn=0), Counts(tp=0, fp=0, tn=0, fn=10)

    assert Overlap.of(Counts.pooled([large, small])).dice == pytest.approx(180 / 190)
