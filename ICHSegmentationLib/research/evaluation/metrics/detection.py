# SPDX-License-Identifier: Apache-2.0
"""Case-level detection of hemorrhage: accuracy, sensitivity and specificity by minimum volume."""

from __future__ import annotations

from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.research.evaluation.metrics.overlap import Counts

MINIMUM_VOLUMES_ML = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


class DetectionPoint(BaseModel):
    """Case-level detection at one minimum volume.

    A reference is positive if it has any voxel; a prediction if it has at least one voxel and the minimum volume.
    """

    model_config = ConfigDict(frozen=True)

    minimum_ml: float
    cases: Counts
    accuracy: float | None
    sensitivity: float | None
    specificity: float | None

    @classmethod
    def at(cls, minimum_ml: float, predicted_ml: np.ndarray, reference_ml: np.ndarray) -> Self:
        """Classify each case by its volumes, both of shape (cases,)."""
        cases = Counts.of((predicted_ml > 0) & (predicted_ml >= minimum_ml), reference_ml > 0)
        return cls(
            minimum_ml=minimum_ml,
            cases=cases,
            accuracy=cases.rate("accuracy"),
            sensitivity=cases.rate("sensitivity"),
            specificity=cases.rate("specificity"),
        )


def minimum_volume_curve(predicted_ml: np.ndarray, reference_ml: np.ndarray) -> tuple[DetectionPoint, ...]:
    """Return the detection at each of :data:`MINIMUM_VOLUMES_ML`; the first counts any voxel."""
    return tuple(DetectionPoint.at(minimum, predicted_ml, reference_ml) for minimum in MINIMUM_VOLUMES_ML)
