# SPDX-License-Identifier: Apache-2.0
"""A mixture of Gaussians, fitted to a histogram by expectation and maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_MOST_STEPS = 200
_CONVERGED = 1e-6  # mean log-likelihood gained by a step
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Mixture:
    """Gaussians side by side.

    Attributes
    ----------
    weights, means, sds : numpy.ndarray
        (components,) share, mean and standard deviation of each.
    """

    weights: np.ndarray
    means: np.ndarray
    sds: np.ndarray

    def densities(self, values: np.ndarray) -> np.ndarray:
        """Return (values, components) density of each component at each value, times its share."""
        distances = (values[:, None] - self.means) / self.sds
        densities: np.ndarray = np.exp(-0.5 * distances**2) / self.sds * self.weights
        return densities

    def responsibilities(self, values: np.ndarray) -> np.ndarray:
        """Return (values, components) probability that a value comes from each component."""
        densities = self.densities(values)
        shares: np.ndarray = densities / (densities.sum(axis=1, keepdims=True) + _TINY)
        return shares


def fit_mixture(
    values: np.ndarray,
    counts: np.ndarray,
    start: Mixture,
    *,
    sd_range: tuple[float, float],
    least_last_mean: float = -np.inf,
    fixed: int = 0,
) -> Mixture:
    """Fit a mixture to a histogram (Dempster, Laird and Rubin 1977).

    HU are whole numbers, so a histogram holds all that the voxels say, and a step costs as much for a thousand voxels
    as for ten million. The start is given, so that the result is the same every time.

    Parameters
    ----------
    values, counts : numpy.ndarray
        (bins,) centres and voxels of the histogram's bins.
    start : Mixture
        Where to begin; it gives the number of components.
    sd_range : tuple of float
        Least and greatest standard deviation.
    least_last_mean : float
        The last component's mean does not fall below this: a component of few voxels would drift into the others.
    fixed : int
        Number of first components whose means and standard deviations stay as they are.

    Returns
    -------
    Mixture
        The one that a further step would not improve; the start where there are no voxels.
    """
    total = counts.sum()
    if total == 0:
        return start
    mixture, likelihood = start, -np.inf
    for _ in range(_MOST_STEPS):
        densities = mixture.densities(values)
        sums = densities.sum(axis=1) + _TINY
        reached = float(counts @ np.log(sums)) / total
        if reached - likelihood < _CONVERGED:
            break
        likelihood = reached
        shares = densities * (counts / sums)[:, None]
        masses = shares.sum(axis=0) + _TINY
        means = values @ shares / masses
        means[-1] = max(means[-1], least_last_mean)
        sds = np.sqrt((shares * (values[:, None] - means) ** 2).sum(axis=0) / masses)
        sds = np.clip(sds, *sd_range)
        means[:fixed], sds[:fixed] = mixture.means[:fixed], mixture.sds[:fixed]
        mixture = Mixture(masses / masses.sum(), means, sds)
    return mixture
