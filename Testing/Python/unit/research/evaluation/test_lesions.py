# SPDX-License-Identifier: Apache-2.0
"""Lesions found, missed and invented; the name of the largest."""

from __future__ import annotations

import numpy as np
import pytest
from builders.grids import make_grid

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.evaluation.metrics.lesions import LesionCounts, largest_lesion


def mask(*voxels):
    found = np.zeros((3, 8, 8), dtype=bool)
    for voxel in voxels:
        found[voxel] = True
    return found


def test_one_shared_voxel_finds_a_lesion():
    """Of two reference lesions one is touched; of three predicted regions one touches it."""
    reference = mask((0, slice(0, 3), 0), (2, 7, 7))
    predicted = mask((0, slice(2, 5), 0), (0, 0, 5), (2, 0, 0))

    counts = LesionCounts.of_masks(predicted, reference)

    assert counts == LesionCounts(reference=2, found=1, predicted=3, right=1)
    assert counts.recall == pytest.approx(1 / 2)
    assert counts.precision == pytest.approx(1 / 3)


def test_voxels_that_touch_by_a_corner_are_one_lesion():
    assert LesionCounts.of_masks(mask(), mask((0, 0, 0), (1, 1, 1))).reference == 1


def test_no_lesion_has_neither_recall_nor_precision():
    counts = LesionCounts.of_masks(mask(), mask())

    assert counts.recall is None
    assert counts.precision is None


def test_cases_are_summed():
    first, second = (
        LesionCounts(reference=2, found=1, predicted=3, right=1),
        LesionCounts(reference=1, found=1, predicted=0, right=0),
    )

    assert LesionCounts.pooled([first, second]) == LesionCounts(reference=3, found=2, predicted=3, right=1)


def test_the_largest_lesion_is_that_of_most_volume_and_takes_the_commonest_name():
    """Four voxels of slice 0 own 2 mm each, three of slice 3 own 10 mm: the second is larger."""
    grid = make_grid(steps_mm=(2.0, 2.0, 10.0))
    reference, predicted = np.zeros((2, *grid.shape), dtype=np.uint8)
    reference[0, 0, :4] = Subtype.SDH
    reference[3, 4, :3] = Subtype.IPH
    predicted[3, 4, 0] = Subtype.IPH
    predicted[3, 4, 1:5] = Subtype.IVH

    assert largest_lesion(predicted, reference, grid, 0) == ("IPH", "IVH")


def test_a_missed_largest_lesion_has_no_name():
    grid = make_grid()
    reference = np.zeros(grid.shape, dtype=np.uint8)
    reference[1, 1, 1] = Subtype.EDH

    assert largest_lesion(np.zeros_like(reference), reference, grid, 0) == ("EDH", "")
    assert largest_lesion(reference, np.zeros_like(reference), grid, 0) == ("", "")
