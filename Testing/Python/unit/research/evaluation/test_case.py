# SPDX-License-Identifier: Apache-2.0
"""Comparison of two tiny label maps with metrics computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid
from builders.label_maps import labelled

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.evaluation.metrics.case import evaluate_case
from ICHSegmentationLib.research.evaluation.metrics.overlap import Counts

# Pixels of 0.25 mm2; the slices own 4, 5.5 and 7 mm.
GRID = make_grid(steps_mm=(4.0, 7.0), spacing_mm=(0.5, 0.5))


def voxels(slice_index, row, columns):
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[slice_index, row, columns] = True
    return mask


def test_figures_of_each_subtype_and_of_any_blood():
    """IPH: 3 of 4 voxels found and 1 too many; 1 voxel called IVH is blood all the same."""
    reference = labelled(GRID, (Subtype.IPH, voxels(1, 2, slice(0, 4))))
    predicted = labelled(
        GRID, (Subtype.IPH, voxels(1, 2, slice(0, 3))), (Subtype.IPH, voxels(2, 2, 0)), (Subtype.IVH, voxels(1, 2, 3))
    )

    result = evaluate_case("a", predicted, reference)

    iph, ivh, blood = (result.classes[name] for name in ("IPH", "IVH", "any"))
    assert iph.voxels == Counts(tp=3, fp=1, tn=0, fn=1)
    assert iph.overlap.dice == pytest.approx(6 / 8)
    assert iph.overlap.iou == pytest.approx(3 / 5)
    assert iph.reference_ml == pytest.approx(4 * 0.25 * 5.5 / 1000)
    assert iph.predicted_ml == pytest.approx(0.25 * (3 * 5.5 + 7) / 1000)
    assert iph.metric("volume_error_ml") == pytest.approx(0.25 * (7 - 5.5) / 1000)
    # Distances there: 0, 0, 0, 7 mm; their percentile 95 lies at 2.85 of 0-3.
    assert iph.hd95_mm == pytest.approx(7 * 0.85)
    assert ivh.overlap.dice == 0
    assert ivh.metric("dice_with_class") is None
    assert ivh.hd95_mm is None
    assert blood.voxels == Counts(tp=4, fp=1, tn=0, fn=0)
    assert (result.largest_lesion, result.largest_lesion_predicted) == ("IPH", "IPH")


def test_an_empty_prediction_misses_all():
    result = evaluate_case("a", labelled(GRID), labelled(GRID, (Subtype.SAH, voxels(0, 1, slice(0, 2)))))

    sah = result.classes["SAH"]
    assert (sah.overlap.dice, sah.overlap.recall, sah.overlap.precision, sah.hd95_mm) == (0, 0, None, None)
    assert sah.predicted_ml == 0
    assert sah.reference_ml == pytest.approx(2 * 0.25 * 4 / 1000)
    assert (sah.lesions.reference, sah.lesions.found) == (1, 0)
    assert result.largest_lesion_predicted == ""


def test_two_empty_maps_have_no_overlap():
    result = evaluate_case("a", labelled(GRID), labelled(GRID))

    assert all(part.overlap.dice is None and part.reference_ml == 0 for part in result.classes.values())
    assert result.largest_lesion == ""


def test_blood_without_a_subtype_counts_as_any():
    place = voxels(1, 2, slice(0, 4))
    result = evaluate_case("a", labelled(GRID, (6, place)), labelled(GRID, (Subtype.IPH, place)))

    assert result.classes["any"].overlap.dice == 1
    assert result.classes["IPH"].overlap.dice == 0


def test_other_grids_are_refused():
    with raises(ValueError, "research.different_grids"):
        evaluate_case("a", labelled(make_grid(steps_mm=(4.0, 4.0))), labelled(GRID))
