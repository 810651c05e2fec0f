# SPDX-License-Identifier: Apache-2.0
"""Linear resampling along one axis as a matrix product."""

from __future__ import annotations

import numpy as np


def interpolation_matrix(source_mm: np.ndarray, target_mm: np.ndarray, *, width_mm: float = 0.0) -> np.ndarray:
    """Return the weights that resample from ``source_mm`` to ``target_mm``.

    The weights are those of linear interpolation, or of a triangle filter of half-width ``width_mm`` where that exceeds
    the local source step: this averages fine samples over a coarse target step (anti-aliasing in the plane, thick
    slices from thin ones along the stack). Targets outside the source take the value of the end sample.

    Parameters
    ----------
    source_mm : numpy.ndarray
        (n,) ascending sample positions, evenly spaced or not.
    target_mm : numpy.ndarray
        (m,) positions to interpolate at.
    width_mm : float
        Minimum half-width of the triangle; 0 is linear interpolation.

    Returns
    -------
    numpy.ndarray
        (m, n) float32; each row sums to 1.
    """
    source = np.asarray(source_mm, dtype=float)
    target = np.clip(np.asarray(target_mm, dtype=float), source[0], source[-1])
    if len(source) == 1:
        return np.ones((len(target), 1), dtype=np.float32)
    left = np.clip(np.searchsorted(source, target, side="right") - 1, 0, len(source) - 2)
    step = source[left + 1] - source[left]
    fraction = (target - source[left]) / step
    weights = np.zeros((len(target), len(source)))
    rows = np.arange(len(target))
    weights[rows, left] = 1 - fraction
    weights[rows, left + 1] = fraction
    wide = width_mm > step
    if wide.any():
        # Weight each sample by its extent, so that densely sampled parts do not dominate.
        extents = np.gradient(source)
        triangle = np.clip(1 - np.abs(target[wide, None] - source[None]) / width_mm, 0, None) * extents
        weights[wide] = triangle / triangle.sum(axis=1, keepdims=True)
    return weights.astype(np.float32)
