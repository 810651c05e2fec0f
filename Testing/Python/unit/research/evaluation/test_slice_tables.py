# SPDX-License-Identifier: Apache-2.0
"""Tables of slices and images with known results."""

from __future__ import annotations

import numpy as np
import pytest

from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.research.evaluation.metrics.classes import CLASSES
from ICHSegmentationLib.research.evaluation.slices.metrics import SliceMetrics, class_metrics
from ICHSegmentationLib.research.evaluation.slices.pictures import worst_images, worst_slices
from ICHSegmentationLib.research.evaluation.slices.run import ImageResult
from ICHSegmentationLib.research.evaluation.slices.tables import (
    class_rows,
    decision_rows,
    false_volume_row,
    image_auc,
    slice_rows,
    specificity_volume_ml,
)


def labels(**blocks: tuple[int, int]) -> np.ndarray:
    """Return labels with a block of ten rows for each subtype, from one column to another."""
    result = np.zeros((40, 60), dtype=np.uint8)
    for name, (first, last) in blocks.items():
        result[10:20, first:last] = Subtype[name]
    return result


def a_slice(
    patient: str, predicted: np.ndarray, reference: np.ndarray, *, after_surgery: bool | None = None
) -> SliceMetrics:
    classes = class_metrics(predicted, reference, 1.0)
    return SliceMetrics(
        name=f"set-{patient}001", patient=patient, after_surgery=after_surgery, model="m", classes=classes
    )


@pytest.fixture
def some_slices() -> list[SliceMetrics]:
    return [
        # Half of an IPH of 100 pixels.
        a_slice("101", labels(IPH=(10, 15)), labels(IPH=(10, 20)), after_surgery=False),
        # An SDH of 20 pixels is called EDH, with 10 pixels of IVH elsewhere.
        a_slice("102", labels(EDH=(5, 7), IVH=(30, 31)), labels(SDH=(5, 7)), after_surgery=True),
        # An EDH of 40 pixels is missed; its name is not reliable.
        a_slice("103", labels(), labels(EDH=(5, 9)), after_surgery=True),
    ]


def test_overlap_is_pooled_and_per_slice(some_slices: list[SliceMetrics]):
    rows = {row["class"]: row for row in class_rows(some_slices, CLASSES) if row["group"] == "all"}
    iph = rows["IPH"]
    assert (iph["slices"], iph["slices_with_class"], iph["patients_with_class"], iph["lesions"]) == (3, 1, 1, 1)
    assert (iph["pooled_dice"], iph["pooled_iou"]) == (pytest.approx(2 / 3), 0.5)
    assert (iph["slice_dice"], iph["slice_iou"]) == (pytest.approx(2 / 3), 0.5)
    assert (iph["found"], iph["named_right"]) == (1.0, 1.0)
    both = rows["any"]
    assert both["pooled_dice"] == pytest.approx(2 * 70 / (2 * 70 + 10 + 90))
    assert both["slice_dice"] == pytest.approx((2 / 3 + 40 / 50 + 0) / 3)
    assert (both["found"], both["named_right"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    # One of three patients: resamples of the missed lesion alone, and of the others alone.
    assert (both["found_lower"], both["found_upper"]) == (0.0, 1.0)
    assert (rows["SDH"]["pooled_dice"], rows["SDH"]["found"], rows["SDH"]["named_right"]) == (0.0, 1.0, 0.0)
    # False pixels count where the voxels are pooled only.
    assert (rows["IVH"]["pooled_dice"], rows["IVH"]["slice_dice"], rows["IVH"]["found"]) == (0.0, None, None)
    assert rows["SAH"]["pooled_dice"] is None


def test_surgery_parts_the_slices(some_slices: list[SliceMetrics]):
    rows = class_rows(some_slices, ("any",))
    assert {row["group"]: row["pooled_dice"] for row in rows} == {
        "all": pytest.approx(0.5833, abs=1e-4),
        "without surgery": pytest.approx(2 / 3),
        "after surgery": pytest.approx(40 / 90),
    }
    unknown = [item.model_copy(update={"after_surgery": None}) for item in some_slices]
    assert {row["group"] for row in class_rows(unknown, ("any",))} == {"all"}


def test_a_patient_with_unreliable_subtypes_counts_for_any_only(some_slices: list[SliceMetrics]):
    rows = {row["class"]: row for row in class_rows(some_slices, CLASSES, ("103",)) if row["group"] == "all"}
    assert (rows["EDH"]["slices"], rows["EDH"]["slices_with_class"], rows["EDH"]["slice_dice"]) == (2, 0, None)
    assert rows["EDH"]["pooled_dice"] == 0.0  # the false one of patient 102
    assert (rows["any"]["slices"], rows["any"]["found"]) == (3, pytest.approx(2 / 3))
    assert rows["any"]["named_right"] == 0.5


def test_a_lesion_is_named_after_most_of_its_predicted_pixels_and_specks_are_none():
    reference = labels(IPH=(10, 20))
    reference[30, 30] = Subtype.IPH  # 1 mm2
    mixed = labels(IPH=(10, 12), IVH=(12, 15))
    lesions = class_metrics(mixed, reference, 1.0)["IPH"].lesions
    assert (lesions.reference, lesions.found, lesions.named_right) == (1, 1, 0)
    assert class_metrics(mixed, reference, 2.0)["IPH"].lesions.reference == 2
    unnamed = np.where(mixed > 0, np.uint8(UNKNOWN_SUBTYPE), mixed)
    lesions = class_metrics(unnamed, reference, 1.0)["IPH"].lesions
    assert (lesions.found, lesions.named_right) == (1, 0)
    touching = labels(IPH=(10, 12))
    touching[20, 12] = Subtype.IPH  # by a corner
    assert class_metrics(touching, touching, 1.0)["IPH"].lesions.reference == 1


def test_each_slice_has_a_row_for_what_it_shows(some_slices: list[SliceMetrics]):
    rows = slice_rows(some_slices, CLASSES)
    assert [(row["patient"], row["class"]) for row in rows] == [
        ("101", "IPH"),
        ("101", "any"),
        ("102", "EDH"),
        ("102", "SDH"),
        ("102", "IVH"),
        ("102", "any"),
        ("103", "EDH"),
        ("103", "any"),
    ]
    assert rows[0]["dice"] == pytest.approx(2 / 3)
    assert (rows[0]["true_positive_pixels"], rows[0]["false_negative_pixels"]) == (50, 50)


def test_the_worst_slices_come_first(some_slices: list[SliceMetrics]):
    empty = a_slice("104", labels(), labels())
    false = a_slice("105", labels(SAH=(0, 10)), labels())
    assert worst_slices([*some_slices, empty, false], 3) == [
        ("set-105001", "any Dice 0.00, 0 pixels missed, 100 false"),
        ("set-103001", "any Dice 0.00, 40 pixels missed, 0 false"),
        ("set-101001", "any Dice 0.67, 50 pixels missed, 0 false"),
    ]


@pytest.mark.parametrize(
    ("volumes_ml", "specificity", "expected"),
    [
        ([0.0] * 18 + [0.2, 0.7], 0.95, 0.2),
        ([0.0] * 18 + [0.2, 0.7], 0.90, 0.0),
        ([0.3, 0.3, 0.3, 0.1], 0.75, 0.3),
        ([0.4, 0.3, 0.2, 0.1], 0.5, 0.2),
    ],
)
def test_the_minimum_volume_has_at_least_the_specificity(volumes_ml: list[float], specificity: float, expected: float):
    minimum = specificity_volume_ml(volumes_ml, specificity)
    assert minimum == pytest.approx(expected, abs=1e-12)
    negative = [volume == 0 or volume < minimum for volume in volumes_ml]
    assert np.mean(negative) >= specificity


def test_decisions_on_images_have_wilsons_intervals():
    images = [ImageResult(f"p{ml}", True, ml) for ml in (0.0, 0.3, 1.0, 2.0)]
    images += [ImageResult(f"n{number}", False, ml) for number, ml in enumerate([0.0] * 18 + [0.2, 0.7])]
    rows = decision_rows(images, (0.0, 0.5))
    assert [(row["chosen"], row["sensitivity"], row["specificity"]) for row in rows] == [
        ("given", 0.75, 0.9),
        ("given", 0.5, 0.95),
        ("specificity 0.80", 0.75, 0.9),
        ("specificity 0.90", 0.75, 0.9),
        ("specificity 0.95", 0.75, 0.95),
    ]
    assert (rows[0]["sensitivity_lower"], rows[0]["sensitivity_upper"]) == (
        pytest.approx(0.3006, abs=1e-4),
        pytest.approx(0.9544, abs=1e-4),
    )
    assert image_auc(images).value == pytest.approx((9 + 19 + 20 + 20) / 80)
    assert worst_images(images) == [("n19", "0.7 mL where there is none"), ("n18", "0.2 mL where there is none")]
    false = false_volume_row([image.predicted_ml for image in images if not image.has_hemorrhage])
    assert (false["cases"], false["median_ml"], false["largest_ml"], false["above_limit"]) == (20, 0.0, 0.7, 1)
    assert false["fraction_above_limit"] == 0.05


def test_only_images_with_hemorrhage_have_no_specificity():
    rows = decision_rows([ImageResult("p", True, 1.0)], (0.0,))
    assert [(row["sensitivity"], row["specificity"]) for row in rows] == [(1.0, None)]
