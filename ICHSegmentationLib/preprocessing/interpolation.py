# SPDX-License-Identifier: Apache-2.0
"""Linear resampling along one axis."""

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
    left, step, fraction = _neighbours(source, target)
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


def interpolate(values: np.ndarray, source_mm: np.ndarray, target_mm: np.ndarray, axis: int) -> np.ndarray:
    """Interpolate linearly along one axis; as the product with `interpolation_matrix`, in a fraction of the time.

    Parameters
    ----------
    values : numpy.ndarray
        Float array with n samples along ``axis``.
    source_mm, target_mm : numpy.ndarray
        (n,) ascending sample positions, at least two, and (m,) positions to interpolate at, as for
        `interpolation_matrix`.
    axis : int
        Axis to interpolate along.

    Returns
    -------
    numpy.ndarray
        Array of the type of ``values`` with m samples along ``axis``.
    """
    source = np.asarray(source_mm, dtype=float)
    left, _, fraction = _neighbours(source, np.clip(np.asarray(target_mm, dtype=float), source[0], source[-1]))
    weights = fraction.astype(values.dtype).reshape(-1, *[1] * (-axis - 1 if axis < 0 else values.ndim - 1 - axis))
    before, after = values.take(left, axis), values.take(left + 1, axis)
    after -= before
    after *= weights
    after += before
    return after


def _neighbours(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sample before each target, the step to the next sample, and the fraction of it up to the target."""
    left = np.clip(np.searchsorted(source, target, side="right") - 1, 0, len(source) - 2)
    step = source[left + 1] - source[left]
    return left, step, (target - source[left]) / step
