# SPDX-License-Identifier: Apache-2.0
"""Metrics as table rows: mappings of column to value; all rows of a table have the same columns."""

from __future__ import annotations

from collections.abc import Sequence

from ICHSegmentationLib.research.evaluation.metrics.case import PER_CASE_METRICS, CaseMetrics
from ICHSegmentationLib.research.evaluation.metrics.paired_tests import PairedTest
from ICHSegmentationLib.research.evaluation.summary import ModelResult, Spread

Row = dict[str, str | float | int | None]

_SPREAD = ("cases", "mean", "sd", "percentile_10", "median", "percentile_90")


def case_rows(cases: Sequence[CaseMetrics]) -> list[Row]:
    """Return one row per case and class."""
    return [
        {
            "case": case.case,
            "class": name,
            **result.overlap.model_dump(),
            "hd95_mm": result.hd95_mm,
            "predicted_ml": result.predicted_ml,
            "reference_ml": result.reference_ml,
            "true_positive_voxels": result.voxels.tp,
            "false_positive_voxels": result.voxels.fp,
            "false_negative_voxels": result.voxels.fn,
            "reference_lesions": result.lesions.reference,
            "found_lesions": result.lesions.found,
            "predicted_lesions": result.lesions.predicted,
            "right_lesions": result.lesions.right,
        }
        for case in cases
        for name, result in case.classes.items()
    ]


def per_case_rows(model: ModelResult) -> list[Row]:
    """Return one row per class and metric: its distribution over the cases in which it is defined."""
    return [
        {"class": name, "figure": figure, **_spread(summary.per_case[figure])}
        for name, summary in model.classes.items()
        for figure in PER_CASE_METRICS
    ]


def pooled_rows(model: ModelResult) -> list[Row]:
    """Return one row per class: overlap of the pooled voxels of all cases."""
    return [{"class": name, **summary.pooled.model_dump()} for name, summary in model.classes.items()]


def volume_rows(model: ModelResult) -> list[Row]:
    """Return one row per class: agreement of volumes, and predicted volume in cases without the class."""
    rows: list[Row] = []
    for name, summary in model.classes.items():
        icc, limits, nothing = summary.icc, summary.bland_altman, summary.predicted_without_reference_ml
        rows.append(
            {
                "class": name,
                "cases": summary.cases,
                "with_class": summary.with_reference,
                "icc_2_1": icc.value if icc else None,
                "icc_lower": icc.lower if icc else None,
                "icc_upper": icc.upper if icc else None,
                "bias_ml": limits.bias if limits else None,
                "lower_limit_ml": limits.lower if limits else None,
                "upper_limit_ml": limits.upper if limits else None,
                "without_class": nothing.cases if nothing else 0,
                "without_class_median_ml": nothing.median if nothing else None,
                "without_class_percentile_90_ml": nothing.percentile_90 if nothing else None,
            }
        )
    return rows


def detection_rows(model: ModelResult) -> list[Row]:
    """Return one row per class and minimum volume: case-level detection."""
    return [
        {
            "class": name,
            "minimum_ml": point.minimum_ml,
            "accuracy": point.accuracy,
            "sensitivity": point.sensitivity,
            "specificity": point.specificity,
            "true_positives": point.cases.tp,
            "false_positives": point.cases.fp,
            "true_negatives": point.cases.tn,
            "false_negatives": point.cases.fn,
        }
        for name, summary in model.classes.items()
        for point in summary.detection
    ]


def lesion_rows(model: ModelResult) -> list[Row]:
    """Return one row per class: lesion counts summed over all cases."""
    return [
        {
            "class": name,
            "reference_lesions": summary.lesions.reference,
            "found": summary.lesions.found,
            "recall": summary.lesions.recall,
            "predicted_lesions": summary.lesions.predicted,
            "right": summary.lesions.right,
            "precision": summary.lesions.precision,
        }
        for name, summary in model.classes.items()
    ]


def paired_test_rows(tests: Sequence[PairedTest]) -> list[Row]:
    """Return one row per test of two models."""
    return [{"class": test.subtype, **test.model_dump(exclude={"subtype"})} for test in tests]


def _spread(spread: Spread | None) -> Row:
    return dict(spread) if spread is not None else {**dict.fromkeys(_SPREAD), "cases": 0}
