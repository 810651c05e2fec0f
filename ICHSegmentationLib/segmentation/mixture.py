# SPDX-License-Identifier: Apache-2.0
"""Gaussian mixture, fitted to a histogram by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_MAX_STEPS = 200
_CONVERGED = 1e-6  # gain of the mean log-likelihood per step
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weighted sum of Gaussians.

    Attributes
    ----------
    weights, means, sds : numpy.ndarray
        (components,) weight, mean and standard deviation of each.
    """

    weights: np.ndarray
    means: np.ndarray
    sds: np.ndarray

    def densities(self, values: np.ndarray) -> np.ndarray:
        """Return the weighted density of each component at each value, (values, components)."""
        distances = (values[:, None] - self.means) / self.sds
        densities: np.ndarray = np.exp(-0.5 * distances**2) / self.sds * self.weights
        return densities

    def responsibilities(self, values: np.ndarray) -> np.ndarray:
        """Return the posterior probability of each component at each value, (values, components)."""
        densities = self.densities(values)
        posteriors: np.ndarray = densities / (densities.sum(axis=1, keepdims=True) + _TINY)
        return posteriors


def fit_mixture(
    values: np.ndarray,
    counts: np.ndarray,
    start: Mixture,
    *,
    sd_range: tuple[float, float],
    min_last_mean: float = -np.inf,
    fixed: int = 0,
) -> Mixture:
    """Fit a mixture to a histogram (Dempster, Laird and Rubin 1977).

    HU are integers, so the histogram loses nothing and the cost of a step does not depend on the number of voxels. The
    start is given, so the result is deterministic.

    Parameters
    ----------
    values, counts : numpy.ndarray
        (bins,) centres and counts of the histogram.
    start : Mixture
        Initial parameters; determines the number of components.
    sd_range : tuple of float
        Minimum and maximum standard deviation.
    min_last_mean : float
        Lower limit of the last component's mean; a component of few voxels would otherwise drift into the others.
    fixed : int
        Number of leading components whose means and standard deviations are kept.

    Returns
    -------
    Mixture
        The fitted mixture; the start if the histogram is empty.
    """
    total = counts.sum()
    if total == 0:
        return start
    mixture, likelihood = start, -np.inf
    for _ in range(_MAX_STEPS):
        densities = mixture.densities(values)
        sums = densities.sum(axis=1) + _TINY
        reached = float(counts @ np.log(sums)) / total
        if reached - likelihood < _CONVERGED:
            break
        likelihood = reached
        posteriors = densities * (counts / sums)[:, None]
        masses = posteriors.sum(axis=0) + _TINY
        means = values @ posteriors / masses
        means[-1] = max(means[-1], min_last_mean)
        sds = np.sqrt((posteriors * (values[:, None] - means) ** 2).sum(axis=0) / masses)
        sds = np.clip(sds, *sd_range)
        means[:fixed], sds[:fixed] = mixture.means[:fixed], mixture.sds[:fixed]
        mixture = Mixture(masses / masses.sum(), means, sds)
    return mixture
