# SPDX-License-Identifier: Apache-2.0
"""Tables of a run on slices: overlap and lesions by class, decisions on images, volumes without hemorrhage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ICHSegmentationLib.research.evaluation.metrics.classes import ANY
from ICHSegmentationLib.research.evaluation.metrics.detection import DetectionPoint
from ICHSegmentationLib.research.evaluation.metrics.intervals import Estimate
from ICHSegmentationLib.research.evaluation.slices.metrics import SliceClass, SliceMetrics
from ICHSegmentationLib.research.evaluation.slices.run import ImageResult, ScanResult

if TYPE_CHECKING:
    from ICHSegmentationLib.research.evaluation.report.rows import Row

ALL, WITHOUT_SURGERY, AFTER_SURGERY = "all", "without surgery", "after surgery"
FALSE_ML = 0.5
"""Larger predicted volumes without hemorrhage are counted."""
SPECIFICITIES = (0.80, 0.90, 0.95)


class _Ratio(NamedTuple):
    """Numerator and denominator of a metric that one slice contributes."""

    above: Callable[[SliceClass], float]
    below: Callable[[SliceClass], float]


_METRICS = {
    "pooled_dice": _Ratio(
        lambda found: 2 * found.pixels.tp, lambda found: 2 * found.pixels.tp + found.pixels.fp + found.pixels.fn
    ),
    "pooled_iou": _Ratio(
        lambda found: found.pixels.tp, lambda found: found.pixels.tp + found.pixels.fp + found.pixels.fn
    ),
    "slice_dice": _Ratio(
        lambda found: (found.overlap.dice or 0.0) * found.has_reference, lambda found: found.has_reference
    ),
    "slice_iou": _Ratio(
        lambda found: (found.overlap.iou or 0.0) * found.has_reference, lambda found: found.has_reference
    ),
    "found": _Ratio(lambda found: found.lesions.found, lambda found: found.lesions.reference),
    "named_right": _Ratio(lambda found: found.lesions.named_right, lambda found: found.lesions.reference),
}


def groups(slices: Sequence[SliceMetrics]) -> dict[str, list[SliceMetrics]]:
    """Return all slices, and those without and after surgery where that is known and both occur."""
    result = {ALL: list(slices)}
    operated = {item.after_surgery for item in slices}
    if operated >= {True, False}:
        result[WITHOUT_SURGERY] = [item for item in slices if item.after_surgery is False]
        result[AFTER_SURGERY] = [item for item in slices if item.after_surgery]
    return result


def class_rows(slices: Sequence[SliceMetrics], classes: Sequence[str], any_only: Collection[str] = ()) -> list[Row]:
    """Return one row per group of slices and class.

    Parameters
    ----------
    slices : sequence of SliceMetrics
        Metrics of the slices.
    classes : sequence of str
        Classes that the model predicts, of `CLASSES`.
    any_only : collection of str
        Patients whose subtypes are unreliable: their slices count for `ANY` only.
    """
    return [
        {"group": group, "class": name, **_class_row(members, name, any_only)}
        for group, members in groups(slices).items()
        for name in classes
    ]


def _class_row(slices: Sequence[SliceMetrics], name: str, any_only: Collection[str]) -> Row:
    reliable = [item for item in slices if item.patient not in any_only]
    counted = list(slices) if name == ANY else reliable
    with_class = [item for item in counted if item.classes[name].has_reference]
    row: Row = {
        "slices": len(counted),
        "slices_with_class": len(with_class),
        "patients_with_class": len({item.patient for item in with_class}),
        "lesions": sum(item.classes[name].lesions.reference for item in counted),
    }
    for metric, ratio in _METRICS.items():
        parts = [(item.patient, [item.classes[name]]) for item in counted]
        if name == ANY and metric == "named_right":
            parts = [(i.patient, [found for key, found in i.classes.items() if key != ANY]) for i in reliable]
        estimate = Estimate.ratio_by_patient(
            [sum(ratio.above(found) for found in classes) for _, classes in parts],
            [sum(ratio.below(found) for found in classes) for _, classes in parts],
            [patient for patient, _ in parts],
        )
        row |= _columns(metric, estimate)
    return row


def slice_rows(slices: Sequence[SliceMetrics], classes: Sequence[str]) -> list[Row]:
    """Return one row per slice and class that is in its reference or prediction."""
    return [
        {
            "slice": item.name,
            "patient": item.patient,
            "after_surgery": None if item.after_surgery is None else int(item.after_surgery),
            "model": item.model,
            "class": name,
            "dice": found.overlap.dice,
            "iou": found.overlap.iou,
            "true_positive_pixels": found.pixels.tp,
            "false_positive_pixels": found.pixels.fp,
            "false_negative_pixels": found.pixels.fn,
            "lesions": found.lesions.reference,
            "found": found.lesions.found,
            "named_right": None if name == ANY else found.lesions.named_right,
        }
        for item in slices
        for name, found in item.classes.items()
        if name in classes and (found.overlap.dice is not None or name == ANY)
    ]


def specificity_volume_ml(negatives_ml: Sequence[float], specificity: float) -> float:
    """Return the smallest minimum volume at which at least a fraction of the cases without hemorrhage is negative."""
    largest_first = sorted(negatives_ml, reverse=True)
    allowed = int(np.floor((1 - specificity) * len(largest_first) + 1e-9))
    limit = largest_first[allowed] if allowed < len(largest_first) else 0.0
    return float(np.nextafter(limit, np.inf)) if limit > 0 else 0.0


def image_auc(images: Sequence[ImageResult]) -> Estimate:
    """Return the area under the ROC curve of the predicted volume."""
    positives, negatives = (
        [image.predicted_ml for image in images if image.has_hemorrhage == label] for label in (True, False)
    )
    return Estimate.roc_auc(positives, negatives)


def decision_rows(images: Sequence[ImageResult], minimums_ml: Sequence[float]) -> list[Row]:
    """Return sensitivity and specificity at given minimum volumes, and at those of :data:`SPECIFICITIES`."""
    predicted = np.array([image.predicted_ml for image in images])
    reference = np.array([float(image.has_hemorrhage) for image in images])
    negatives_ml = predicted[reference == 0].tolist()
    chosen = [("given", minimum) for minimum in minimums_ml]
    if negatives_ml:
        chosen += [(f"specificity {aim:.2f}", specificity_volume_ml(negatives_ml, aim)) for aim in SPECIFICITIES]
    rows: list[Row] = []
    for how, minimum in chosen:
        cases = DetectionPoint.at(minimum, predicted, reference).cases
        rows.append(
            {
                "minimum_ml": minimum,
                "chosen": how,
                **_columns("sensitivity", Estimate.fraction(cases.tp, cases.tp + cases.fn)),
                **_columns("specificity", Estimate.fraction(cases.tn, cases.tn + cases.fp)),
                "true_positives": cases.tp,
                "false_negatives": cases.fn,
                "true_negatives": cases.tn,
                "false_positives": cases.fp,
            }
        )
    return rows


def false_volume_row(predicted_ml: Sequence[float]) -> Row:
    """Return the predicted volumes of cases without hemorrhage: median, largest, fraction above `FALSE_ML`."""
    above = sum(volume > FALSE_ML for volume in predicted_ml)
    return {
        "cases": len(predicted_ml),
        "median_ml": float(np.median(predicted_ml)),
        "largest_ml": float(max(predicted_ml)),
        "above_limit": above,
        **_columns("fraction_above_limit", Estimate.fraction(above, len(predicted_ml))),
    }


def negative_rows(negatives: Sequence[ScanResult]) -> list[Row]:
    """Return one row per scan without hemorrhage."""
    return [{"scan": scan.name, "predicted_ml": scan.predicted_ml} for scan in negatives]


def image_rows(images: Sequence[ImageResult]) -> list[Row]:
    """Return one row per image."""
    return [
        {"image": image.name, "hemorrhage": int(image.has_hemorrhage), "predicted_ml": image.predicted_ml}
        for image in images
    ]


def shown_rows(rows: Sequence[Row], metrics: Sequence[str]) -> list[Row]:
    """Return rows for a page: each metric and its interval in one cell."""
    edges = {f"{metric}_{edge}" for metric in metrics for edge in ("lower", "upper")}
    return [
        {key: _interval(row, key) if key in metrics else value for key, value in row.items() if key not in edges}
        for row in rows
    ]


CLASS_METRICS = tuple(_METRICS)


def _columns(metric: str, estimate: Estimate) -> Row:
    return {metric: estimate.value, f"{metric}_lower": estimate.lower, f"{metric}_upper": estimate.upper}


def _interval(row: Row, metric: str) -> str | None:
    value, lower, upper = (row[key] for key in (metric, f"{metric}_lower", f"{metric}_upper"))
    if value is None:
        return None
    return f"{value:.2f}" if lower is None else f"{value:.2f} ({lower:.2f} to {upper:.2f})"
