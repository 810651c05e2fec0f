# SPDX-License-Identifier: Apache-2.0
import pytest

from ICHSegmentationLib.research.evaluation.metrics.intervals import Estimate


def test_patients_are_drawn_not_their_slices():
    # Two patients, one right and one wrong: a resample has 0, 1 or 2 right ones, whatever the number of slices.
    estimate = Estimate.ratio_by_patient([1] * 50 + [0] * 50, [1] * 100, ["a"] * 50 + ["b"] * 50)
    assert (estimate.value, estimate.lower, estimate.upper) == (0.5, 0.0, 1.0)


def test_the_interval_is_that_of_the_binomial_distribution_for_patients_with_one_case():
    patients = [str(number) for number in range(10)]
    estimate = Estimate.ratio_by_patient([1] * 5 + [0] * 5, [1] * 10, patients)
    assert estimate.value == 0.5
    assert (estimate.lower, estimate.upper) == (pytest.approx(0.2), pytest.approx(0.8))


def test_sums_are_divided_not_averaged():
    assert Estimate.ratio_by_patient([1, 90], [10, 90], ["a", "b"]).value == pytest.approx(0.91)


def test_resamples_without_the_class_are_left_out():
    estimate = Estimate.ratio_by_patient([3, 0, 0], [4, 0, 0], ["a", "b", "c"])
    assert (estimate.value, estimate.lower, estimate.upper) == (0.75, 0.75, 0.75)


@pytest.mark.parametrize(("denominators", "value"), [([2, 2], 0.5), ([0, 0], None)])
def test_one_patient_has_no_interval(denominators: list[float], value: float | None):
    estimate = Estimate.ratio_by_patient([1, 1], denominators, ["a", "a"])
    assert (estimate.value, estimate.lower, estimate.upper) == (value, None, None)


def test_fractions_have_wilsons_interval():
    # Wilson's formula for 9 of 10 with z = 1.96.
    estimate = Estimate.fraction(9, 10)
    assert estimate.value == 0.9
    assert (estimate.lower, estimate.upper) == (pytest.approx(0.5958, abs=1e-4), pytest.approx(0.9821, abs=1e-4))
    assert Estimate.fraction(0, 0).value is None


def test_the_area_under_the_curve_counts_ties_half():
    assert Estimate.roc_auc([1, 2, 3], [0, 2]).value == pytest.approx(4.5 / 6)
    apart = Estimate.roc_auc([3.0, 4.0], [0.0, 1.0])
    assert (apart.value, apart.lower, apart.upper) == (1.0, 1.0, 1.0)
    alone = Estimate.roc_auc([3.0], [0.0, 1.0])
    assert (alone.value, alone.lower) == (1.0, None)
    assert Estimate.roc_auc([], [1.0]).value is None


def test_the_interval_of_the_area_spans_what_resamples_give():
    # Drawing positives 0 and 2 twice: both 0 (area 0), one of each (0.5) or both 2 (1).
    estimate = Estimate.roc_auc([0.0, 2.0], [1.0, 1.0])
    assert (estimate.value, estimate.lower, estimate.upper) == (0.5, 0.0, 1.0)
