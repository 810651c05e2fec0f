# SPDX-License-Identifier: Apache-2.0
"""Agreement of volumes: intraclass correlation and Bland-Altman limits."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict


class IntraclassCorrelation(BaseModel):
    """ICC with its confidence interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    lower: float
    upper: float


def icc_2_1(ratings: np.ndarray, *, confidence: float = 0.95) -> IntraclassCorrelation | None:
    """Return ICC(2,1): two-way random effects, absolute agreement, single rater.

    Computed from the mean squares of a two-way analysis of variance: Shrout PE, Fleiss JL, Psychol Bull 86 (1979)
    420-428. The confidence interval is that of ICC(A,1) in McGraw KO, Wong SP, Psychol Methods 1 (1996) 30-46, Table 7.

    Parameters
    ----------
    ratings : numpy.ndarray
        (targets, raters).
    confidence : float
        Coverage of the interval.

    Returns
    -------
    IntraclassCorrelation or None
        None for fewer than two targets, or if all targets have the same mean.
    """
    from scipy.stats import f

    ratings = np.asarray(ratings, dtype=np.float64)
    n, k = ratings.shape
    mean, of_target, of_rater = ratings.mean(), ratings.mean(axis=1), ratings.mean(axis=0)
    if n < 2 or np.ptp(of_target) == 0:
        return None
    between_targets = k * ((of_target - mean) ** 2).sum() / (n - 1)
    between_raters = n * ((of_rater - mean) ** 2).sum() / (k - 1)
    residual = ratings - of_target[:, None] - of_rater + mean
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    value = (between_targets - error) / (between_targets + (k - 1) * error + k * (between_raters - error) / n)
    if value > 1 - 1e-12:
        return IntraclassCorrelation(value=1.0, lower=1.0, upper=1.0)
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    raters_part, error_part = a * between_raters, b * error
    freedom = (raters_part + error_part) ** 2 / (raters_part**2 / (k - 1) + error_part**2 / ((n - 1) * (k - 1)))
    tail = (1 + confidence) / 2
    spread = k * between_raters + (k * n - k - n) * error
    low, high = f.ppf(tail, n - 1, freedom), f.ppf(tail, freedom, n - 1)
    return IntraclassCorrelation(
        value=float(value),
        lower=float(n * (between_targets - low * error) / (low * spread + n * between_targets)),
        upper=float(n * (high * between_targets - error) / (spread + n * high * between_targets)),
    )


class BlandAltman(BaseModel):
    """Mean difference and the limits that 95 % of the differences are expected to lie within."""

    model_config = ConfigDict(frozen=True)

    bias: float
    lower: float
    upper: float


def bland_altman(predicted: np.ndarray, reference: np.ndarray) -> BlandAltman | None:
    """Return bias and limits of agreement of predicted minus reference: mean -+ 1.96 standard deviations.

    Bland JM, Altman DG, Lancet 327 (1986) 307-310. None for fewer than two cases.
    """
    difference = np.asarray(predicted, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    if len(difference) < 2:
        return None
    bias, half = float(difference.mean()), 1.96 * float(difference.std(ddof=1))
    return BlandAltman(bias=bias, lower=bias - half, upper=bias + half)
