# SPDX-License-Identifier: Apache-2.0
"""Summarize all cases of a model per class: over cases and over pooled voxels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.research.evaluation.metrics.case import PER_CASE_METRICS, CaseMetrics
from ICHSegmentationLib.research.evaluation.metrics.classes import ANY, CLASSES
from ICHSegmentationLib.research.evaluation.metrics.detection import DetectionPoint, minimum_volume_curve
from ICHSegmentationLib.research.evaluation.metrics.lesions import LesionCounts
from ICHSegmentationLib.research.evaluation.metrics.overlap import Counts, Overlap
from ICHSegmentationLib.research.evaluation.metrics.volume_agreement import (
    BlandAltman,
    IntraclassCorrelation,
    bland_altman,
    icc_2_1,
)


class Spread(BaseModel):
    """Distribution of a metric over the cases in which it is defined; the standard deviation uses n - 1."""

    model_config = ConfigDict(frozen=True)

    cases: int
    mean: float
    sd: float | None
    percentile_10: float
    median: float
    percentile_90: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self | None:
        """Return the distribution, or None if there are no values."""
        if len(values) == 0:
            return None
        low, median, high = np.percentile(values, (10, 50, 90)).tolist()
        return cls(
            cases=len(values),
            mean=float(np.mean(values)),
            sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
            percentile_10=low,
            median=median,
            percentile_90=high,
        )


class ClassSummary(BaseModel):
    """Metrics of one class over all cases.

    Attributes
    ----------
    cases, with_reference, with_prediction : int
        Number of all cases, and of those whose reference or prediction has the class.
    per_case : dict of str to Spread or None
        Distribution of each of :data:`ICHSegmentationLib.research.evaluation.metrics.case.PER_CASE_METRICS`.
    pooled : Overlap
        From the voxels of all cases counted together, so large lesions weigh more.
    predicted_without_reference_ml : Spread or None
        Predicted volume in the cases whose reference lacks the class.
    icc : IntraclassCorrelation or None
        ICC(2,1) of predicted and reference volume over all cases, including those without the class.
    bland_altman : BlandAltman or None
        Predicted minus reference volume in mL, over all cases.
    detection : tuple of DetectionPoint
        Case-level detection by minimum volume.
    lesions : LesionCounts
        Lesion counts summed over all cases.
    """

    model_config = ConfigDict(frozen=True)

    cases: int
    with_reference: int
    with_prediction: int
    per_case: dict[str, Spread | None]
    pooled: Overlap
    predicted_without_reference_ml: Spread | None
    icc: IntraclassCorrelation | None
    bland_altman: BlandAltman | None
    detection: tuple[DetectionPoint, ...]
    lesions: LesionCounts

    @classmethod
    def of(cls, cases: Sequence[CaseMetrics], name: str) -> Self:
        """Summarize one class of :data:`CLASSES`."""
        results = [case.classes[name] for case in cases]
        predicted_ml = np.array([result.predicted_ml for result in results])
        reference_ml = np.array([result.reference_ml for result in results])
        metrics = {metric: [result.metric(metric) for result in results] for metric in PER_CASE_METRICS}
        return cls(
            cases=len(cases),
            with_reference=int((reference_ml > 0).sum()),
            with_prediction=int((predicted_ml > 0).sum()),
            per_case={
                metric: Spread.of([value for value in values if value is not None])
                for metric, values in metrics.items()
            },
            pooled=Overlap.of(Counts.pooled(result.voxels for result in results)),
            predicted_without_reference_ml=Spread.of(predicted_ml[reference_ml == 0].tolist()),
            icc=icc_2_1(np.stack([predicted_ml, reference_ml], axis=1)),
            bland_altman=bland_altman(predicted_ml, reference_ml),
            detection=minimum_volume_curve(predicted_ml, reference_ml),
            lesions=LesionCounts.pooled(result.lesions for result in results),
        )


class ModelResult(BaseModel):
    """Cases and summary of one model.

    Attributes
    ----------
    cases : tuple of CaseMetrics
        Cases sorted by name.
    classes : dict of str to ClassSummary
        Summaries by subtype, and of ``any``.
    largest_lesions, largest_lesions_named_right : int
        Number of cases whose reference has a lesion with a subtype, and of those in which the largest one is predicted
        with the correct subtype.
    """

    model_config = ConfigDict(frozen=True)

    cases: tuple[CaseMetrics, ...]
    classes: dict[str, ClassSummary]
    largest_lesions: int
    largest_lesions_named_right: int

    @property
    def occurring(self) -> list[str]:
        """Classes that occur in a reference or a prediction, and ``any``."""
        return [
            name
            for name, summary in self.classes.items()
            if name == ANY or summary.with_reference or summary.with_prediction
        ]

    @classmethod
    def of(cls, cases: Sequence[CaseMetrics]) -> Self:
        """Summarize at least one case."""
        with_lesion = [case for case in cases if case.largest_lesion]
        return cls(
            cases=tuple(cases),
            classes={name: ClassSummary.of(cases, name) for name in CLASSES},
            largest_lesions=len(with_lesion),
            largest_lesions_named_right=sum(
                case.largest_lesion_predicted == case.largest_lesion for case in with_lesion
            ),
        )
