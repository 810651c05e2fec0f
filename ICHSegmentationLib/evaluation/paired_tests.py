# SPDX-License-Identifier: Apache-2.0
"""Whether two models differ on the same cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.evaluation.case import PER_CASE_FIGURES, CaseResult
from ICHSegmentationLib.evaluation.classes import CLASSES


class PairedTest(BaseModel):
    """One figure of one class, of two models on the same cases.

    Attributes
    ----------
    subtype, figure : str
        What is compared.
    cases : int
        Cases in which the figure is defined for both models.
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


def paired_tests(first: Sequence[CaseResult], second: Sequence[CaseResult]) -> tuple[PairedTest, ...]:
    """Test every per-case figure of every class that both models have; the cases must be the same, in one order."""
    tests = []
    for name in CLASSES:
        for figure in PER_CASE_FIGURES:
            both = [
                (case.classes[name].figure(figure), other.classes[name].figure(figure))
                for case, other in zip(first, second, strict=True)
            ]
            values = np.array([pair for pair in both if None not in pair], dtype=np.float64)
            if len(values):
                tests.append(PairedTest.of(name, figure, values[:, 0], values[:, 1]))
    return tuple(tests)
