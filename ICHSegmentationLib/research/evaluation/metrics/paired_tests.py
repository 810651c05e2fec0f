# SPDX-License-Identifier: Apache-2.0
"""Paired tests of the difference between two models on the same cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.research.evaluation.metrics.case import PER_CASE_METRICS, CaseMetrics
from ICHSegmentationLib.research.evaluation.metrics.classes import CLASSES


class PairedTest(BaseModel):
    """Paired test of one metric of one class.

    Attributes
    ----------
    subtype, figure : str
        Class and metric.
    cases : int
        Number of cases in which both models have the metric, or of patients if their cases are averaged.
    mean, compared_mean, mean_difference, median_difference : float
        Mean of the first and the second model; mean and median of first minus second per case.
    wilcoxon_p, t_p : float or None
        Two-sided p of Wilcoxon's signed-rank test (zero differences dropped) and of the paired t-test, not corrected
        for multiple tests. None with fewer than two cases or no difference at all.
    """

    model_config = ConfigDict(frozen=True)

    subtype: str
    figure: str
    cases: int
    mean: float
    compared_mean: float
    mean_difference: float
    median_difference: float
    wilcoxon_p: float | None
    t_p: float | None

    @classmethod
    def of(cls, subtype: str, figure: str, first: np.ndarray, second: np.ndarray) -> Self:
        """Test metrics of shape (cases,); at least one case."""
        from scipy.stats import ttest_rel, wilcoxon

        difference = first - second
        testable = len(difference) > 1 and bool(difference.any())
        # The t statistic is infinite if the difference is the same in every case.
        spread = testable and float(np.ptp(difference)) > 0
        return cls(
            subtype=subtype,
            figure=figure,
            cases=len(difference),
            mean=float(first.mean()),
            compared_mean=float(second.mean()),
            mean_difference=float(difference.mean()),
            median_difference=float(np.median(difference)),
            wilcoxon_p=float(wilcoxon(first, second).pvalue) if testable else None,
            t_p=float(ttest_rel(first, second).pvalue) if spread else None,
        )


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Correct p-values for multiple tests by Holm's step-down procedure (Holm 1979); None (no test) stays None."""
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    lower_bound = 0.0
    for rank, (p, index) in enumerate(tested):
        lower_bound = max(lower_bound, min(1.0, (len(tested) - rank) * p))
        corrected[index] = lower_bound
    return corrected


def mean_of_each(values: np.ndarray, owners: Sequence[str]) -> np.ndarray:
    """Average metrics per owner, so that each owner counts once in a test of independent pairs.

    Parameters
    ----------
    values : numpy.ndarray
        (cases, metrics) float.
    owners : sequence of str
        Owner of each case, for instance the patient.

    Returns
    -------
    numpy.ndarray
        (owners, metrics) float, sorted by owner.
    """
    names, owner = np.unique(np.asarray(owners), return_inverse=True)
    return np.array([values[owner == index].mean(axis=0) for index in range(len(names))])


def paired_test(
    subtype: str,
    figure: str,
    first: Sequence[CaseMetrics],
    second: Sequence[CaseMetrics],
    owners: Sequence[str] | None = None,
) -> PairedTest | None:
    """Test one per-case metric of one class in the cases in which both models have it.

    Parameters
    ----------
    subtype, figure : str
        A class, and one of `PER_CASE_METRICS`.
    first, second : sequence of CaseMetrics
        Metrics of the two models for the same cases in the same order.
    owners : sequence of str, optional
        Owner of each case; metrics are averaged per owner before the test. By default cases are independent.

    Returns
    -------
    PairedTest or None
        None if no case has the metric.
    """
    both = [
        (case.classes[subtype].metric(figure), other.classes[subtype].metric(figure))
        for case, other in zip(first, second, strict=True)
    ]
    defined = [index for index, pair in enumerate(both) if None not in pair]
    if not defined:
        return None
    values = np.array([both[index] for index in defined], dtype=np.float64)
    if owners is not None:
        values = mean_of_each(values, [owners[index] for index in defined])
    return PairedTest.of(subtype, figure, values[:, 0], values[:, 1])


def paired_tests(first: Sequence[CaseMetrics], second: Sequence[CaseMetrics]) -> tuple[PairedTest, ...]:
    """Test every per-case metric of every class; both models need the same cases in the same order."""
    tests = (paired_test(name, figure, first, second) for name in CLASSES for figure in PER_CASE_METRICS)
    return tuple(test for test in tests if test is not None)
