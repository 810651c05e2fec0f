# SPDX-License-Identifier: Apache-2.0
"""Whether two models differ on the same cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.research.evaluation.case import PER_CASE_FIGURES, CaseResult
from ICHSegmentationLib.research.evaluation.metrics.classes import CLASSES


class PairedTest(BaseModel):
    """One figure of one class, of two models on the same cases.

    Attributes
    ----------
    subtype, figure : str
        What is compared.
    cases : int
        Cases in which the figure is defined for both models; where the cases of each patient are averaged, patients.
    mean, compared_mean, mean_difference, median_difference : float
        Of the first model, the second, and first minus second case by case.
    wilcoxon_p, t_p : float or None
        Two-sided, of Wilcoxon's signed-rank test (cases without a difference left out) and of the paired t-test; not
        corrected for the number of tests. None with fewer than two cases, or without any difference.
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
        """Test (cases,) figures; at least one case."""
        from scipy.stats import ttest_rel, wilcoxon

        difference = first - second
        testable = len(difference) > 1 and bool(difference.any())
        # Without any spread the t statistic is infinite: a difference that is the same in every case tells nothing.
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
    """Correct p-values for their number by Holm's step-down procedure (Holm 1979); None is no test and stays None."""
    tested = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, index) in enumerate(tested):
        least = max(least, min(1.0, (len(tested) - rank) * p))
        corrected[index] = least
    return corrected


def mean_of_each(values: np.ndarray, owners: Sequence[str]) -> np.ndarray:
    """Average the figures that belong together, so that each owner counts once in a test of independent pairs.

    Parameters
    ----------
    values : numpy.ndarray
        (cases, figures) float.
    owners : sequence of str
        Whose each case is, for instance the patient's name.

    Returns
    -------
    numpy.ndarray
        (owners, figures) float, in the order of the owners' names.
    """
    names, owner = np.unique(np.asarray(owners), return_inverse=True)
    return np.array([values[owner == index].mean(axis=0) for index in range(len(names))])


def paired_test(
    subtype: str,
    figure: str,
    first: Sequence[CaseResult],
    second: Sequence[CaseResult],
    owners: Sequence[str] | None = None,
) -> PairedTest | None:
    """Test one per-case figure of one class where both models have it.

    Parameters
    ----------
    subtype, figure : str
        A class, and one of `PER_CASE_FIGURES`.
    first, second : sequence of CaseResult
        Results of the two models; the cases must be the same, in one order.
    owners : sequence of str, optional
        Whose each case is; the figures of one owner are averaged before the test. Without, each case is its own.

    Returns
    -------
    PairedTest or None
        None where no case has the figure.
    """
    both = [
        (case.classes[subtype].figure(figure), other.classes[subtype].figure(figure))
        for case, other in zip(first, second, strict=True)
    ]
    defined = [index for index, pair in enumerate(both) if None not in pair]
    if not defined:
        return None
    values = np.array([both[index] for index in defined], dtype=np.float64)
    if owners is not None:
        values = mean_of_each(values, [owners[index] for index in defined])
    return PairedTest.of(subtype, figure, values[:, 0], values[:, 1])


def paired_tests(first: Sequence[CaseResult], second: Sequence[CaseResult]) -> tuple[PairedTest, ...]:
    """Test every per-case figure of every class that both models have; the cases must be the same, in one order."""
    tests = (paired_test(name, figure, first, second) for name in CLASSES for figure in PER_CASE_FIGURES)
    return tuple(test for test in tests if test is not None)
