# SPDX-License-Identifier: Apache-2.0
"""Case-level decisions by the least volume that counts."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.research.evaluation.metrics.detection import DetectionPoint, minimum_volume_curve
from ICHSegmentationLib.research.evaluation.metrics.overlap import Counts

# Two cases with a bleed, found with 5 and 0.2 mL; three without, of which one is given 0.1 and one 0.5 mL.
REFERENCE_ML = np.array([6.0, 0.3, 0.0, 0.0, 0.0])
PREDICTED_ML = np.array([5.0, 0.2, 0.1, 0.5, 0.0])


@pytest.mark.parametrize(
    ("minimum_ml", "counts", "accuracy", "sensitivity", "specificity"),
    [
        (0.0, (2, 2, 1, 0), 3 / 5, 1, 1 / 3),
        (0.2, (2, 1, 2, 0), 4 / 5, 1, 2 / 3),
        (0.3, (1, 1, 2, 1), 3 / 5, 1 / 2, 2 / 3),
        (1.0, (1, 0, 3, 1), 4 / 5, 1 / 2, 1),
    ],
)
def test_decisions(minimum_ml, counts, accuracy, sensitivity, specificity):
    point = DetectionPoint.at(minimum_ml, PREDICTED_ML, REFERENCE_ML)

    assert point.cases == Counts(**dict(zip(("tp", "fp", "tn", "fn"), counts, strict=True)))
    assert (point.accuracy, point.sensitivity, point.specificity) == pytest.approx((accuracy, sensitivity, specificity))


def test_the_curve_begins_with_any_voxel_and_never_gains_sensitivity():
    curve = minimum_volume_curve(PREDICTED_ML, REFERENCE_ML)

    assert curve[0] == DetectionPoint.at(0.0, PREDICTED_ML, REFERENCE_ML)
    sensitivities = [point.sensitivity for point in curve]
    assert sensitivities == sorted(sensitivities, reverse=True)
    assert sensitivities[-1] == 0


def test_without_a_bleed_there_is_no_sensitivity():
    point = DetectionPoint.at(0.0, np.zeros(2), np.zeros(2))

    assert point.sensitivity is None
    assert point.specificity == 1
