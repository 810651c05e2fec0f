# SPDX-License-Identifier: Apache-2.0
"""Compare one predicted label map with its reference."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.core.components import labelled_box
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.research.evaluation.metrics.classes import CLASSES, class_mask
from ICHSegmentationLib.research.evaluation.metrics.lesions import LesionCounts, largest_lesion
from ICHSegmentationLib.research.evaluation.metrics.overlap import Counts, Overlap
from ICHSegmentationLib.research.evaluation.metrics.surface_distance import hd95_mm

PER_CASE_METRICS = ("dice", "dice_with_class", "iou", "precision", "recall", "hd95_mm", "volume_error_ml")


class ClassMetrics(BaseModel):
    """Metrics of one class in one case; None where a metric is undefined.

    Voxel counts are not weighted by slice extent. True negatives are 0, because they depend on how much air a scan
    holds.
    """

    model_config = ConfigDict(frozen=True)

    voxels: Counts
    overlap: Overlap
    hd95_mm: float | None
    predicted_ml: float
    reference_ml: float
    lesions: LesionCounts

    def metric(self, name: str) -> float | None:
        """Return one of :data:`PER_CASE_METRICS`.

        ``dice_with_class`` is Dice in cases whose reference has the class, so false positives in other cases do not
        count as 0; ``volume_error_ml`` is absolute.
        """
        if name == "dice_with_class":
            return self.overlap.dice if self.reference_ml > 0 else None
        if name == "volume_error_ml":
            return abs(self.predicted_ml - self.reference_ml)
        value: float | None = self.hd95_mm if name == "hd95_mm" else getattr(self.overlap, name)
        return value


class CaseMetrics(BaseModel):
    """Metrics of one case.

    Attributes
    ----------
    case : str
        Name of the case.
    classes : dict of str to ClassMetrics
        Metrics by subtype, and of ``any``.
    largest_lesion, largest_lesion_predicted : str
        Subtype of the largest reference lesion, and the predicted subtype of most of it; empty if there is none.
    """

    model_config = ConfigDict(frozen=True)

    case: str
    classes: dict[str, ClassMetrics]
    largest_lesion: str
    largest_lesion_predicted: str


def evaluate_case(case: str, predicted: LabelMap, reference: LabelMap) -> CaseMetrics:
    """Compare two label maps on one grid.

    Volumes follow the rule of :func:`ICHSegmentationLib.measurement.measure.measure`.

    Raises
    ------
    ValueError
        If the grids differ or have a single slice.
    """
    grid = reference.grid
    if not predicted.grid.matches(grid):
        raise ValueError(message("research.different_grids"))
    box = labelled_box(predicted.labels | reference.labels)
    first = (box[0].start, box[1].start, box[2].start)
    given, expected = predicted.labels[box], reference.labels[box]
    voxel_ml = grid.voxel_volumes_mm3[box[0]] / 1000

    def result(name: str) -> ClassMetrics:
        found, truth = class_mask(given, name), class_mask(expected, name)
        blood = found | truth
        voxels = Counts.of(found[blood], truth[blood])
        predicted_ml, reference_ml = (float(np.count_nonzero(mask, axis=(1, 2)) @ voxel_ml) for mask in (found, truth))
        return ClassMetrics(
            voxels=voxels,
            overlap=Overlap.of(voxels),
            hd95_mm=hd95_mm(found, truth, grid, first),
            predicted_ml=predicted_ml,
            reference_ml=reference_ml,
            lesions=LesionCounts.of_masks(found, truth),
        )

    largest, called = largest_lesion(given, expected, grid, first[0])
    return CaseMetrics(
        case=case,
        classes={name: result(name) for name in CLASSES},
        largest_lesion=largest,
        largest_lesion_predicted=called,
    )
