# SPDX-License-Identifier: Apache-2.0
"""Confidence intervals of 95 %: bootstrap by patient, and Wilson's for fractions of cases."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict

CONFIDENCE = 0.95
RESAMPLES = 2000
SEED = 0


class Estimate(BaseModel):
    """A value with its 95 % confidence interval; None where undefined."""

    model_config = ConfigDict(frozen=True)

    value: float | None
    lower: float | None = None
    upper: float | None = None

    @classmethod
    def ratio_by_patient(
        cls, numerators: Sequence[float], denominators: Sequence[float], patients: Sequence[str]
    ) -> Self:
        """Return the ratio of two sums over cases, with the percentile interval of a bootstrap of the patients.

        Resamples whose denominator is 0 (none of the drawn patients has the class) are left out of the interval.

        Parameters
        ----------
        numerators, denominators : sequence of float
            One of each per case.
        patients : sequence of str
            Patient of each case; fewer than two patients give no interval.
        """
        names, owners = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
        above, below = (np.bincount(owners, weights=part, minlength=len(names)) for part in (numerators, denominators))
        if below.sum() == 0:
            return cls(value=None)
        value = float(above.sum() / below.sum())
        if len(names) < 2:
            return cls(value=value)

        def ratio(drawn: np.ndarray, axis: int) -> np.ndarray:
            with np.errstate(invalid="ignore"):
                return np.asarray(above[drawn].sum(axis=axis) / below[drawn].sum(axis=axis))

        lower, upper = _bootstrapped((np.arange(len(names)),), ratio)
        return cls(value=value, lower=lower, upper=upper)

    @classmethod
    def fraction(cls, count: int, cases: int) -> Self:
        """Return a fraction of cases with Wilson's interval."""
        from scipy.stats import binomtest

        if cases == 0:
            return cls(value=None)
        interval = binomtest(count, cases).proportion_ci(CONFIDENCE, method="wilson")
        return cls(value=count / cases, lower=float(interval.low), upper=float(interval.high))

    @classmethod
    def roc_auc(cls, positives: Sequence[float], negatives: Sequence[float]) -> Self:
        """Return the area under the ROC curve, with the percentile interval of a bootstrap of the cases.

        Parameters
        ----------
        positives, negatives : sequence of float
            Score of each case with and without hemorrhage; ties count half. Fewer than two of either give no interval.
        """
        if not len(positives) or not len(negatives):
            return cls(value=None)
        value = float(_auc(np.asarray(positives), np.asarray(negatives)))
        if min(len(positives), len(negatives)) < 2:
            return cls(value=value)
        lower, upper = _bootstrapped((np.asarray(positives), np.asarray(negatives)), _auc)
        return cls(value=value, lower=lower, upper=upper)


def _auc(positives: np.ndarray, negatives: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the statistic of the Mann-Whitney test divided by the number of pairs."""
    from scipy.stats import mannwhitneyu

    pairs = positives.shape[axis] * negatives.shape[axis]
    return np.asarray(mannwhitneyu(positives, negatives, axis=axis, method="asymptotic").statistic / pairs)


def _bootstrapped(samples: tuple[np.ndarray, ...], statistic: Callable[..., np.ndarray]) -> tuple[float, float]:
    """Return the percentile interval over the resamples in which the statistic is defined."""
    from scipy.stats import DegenerateDataWarning, bootstrap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # of the undefined ones
        found = bootstrap(
            samples,
            statistic,
            n_resamples=RESAMPLES,
            method="percentile",
            vectorized=True,
            random_state=np.random.default_rng(SEED),
        )
    tail = 50 * (1 - CONFIDENCE)
    lower, upper = np.nanpercentile(found.bootstrap_distribution, (tail, 100 - tail)).tolist()
    return lower, upper
