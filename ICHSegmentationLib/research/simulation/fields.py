# SPDX-License-Identifier: Apache-2.0
"""Scalar fields that define lesions: smooth noise, level sets of a given volume, partial volume."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_WAVES = 10


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], spacing_mm: tuple[float, ...], wavelength_mm: float
) -> np.ndarray:
    """Return noise that varies over a given length, with about unit standard deviation.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
    spacing_mm : tuple of float
        Voxel spacing per axis.
    wavelength_mm : float
        Distance between independent values.

    Returns
    -------
    numpy.ndarray
        float32 of `shape`.
    """
    knots = [max(int(np.ceil(n * s / wavelength_mm)) + 1, 2) for n, s in zip(shape, spacing_mm, strict=True)]
    field = rng.standard_normal(knots, dtype=np.float32)
    for axis, (count, step) in enumerate(zip(shape, spacing_mm, strict=True)):
        field = _stretch(field, axis, count, step / wavelength_mm)
    # Interpolation between knots lowers the variance; the factor 1.3 restores it to about 1.
    return field * np.float32(1.3)


def _stretch(field: np.ndarray, axis: int, count: int, step: float) -> np.ndarray:
    """Interpolate along one axis with smooth (cosine) weights, `step` knots per voxel."""
    position = np.minimum(np.arange(count) * step, field.shape[axis] - 1.001)
    lower = position.astype(int)
    weight = (0.5 - 0.5 * np.cos(np.pi * (position - lower))).astype(np.float32)
    weight = weight.reshape([-1 if i == axis else 1 for i in range(field.ndim)])
    return field.take(lower, axis=axis) * (1 - weight) + field.take(lower + 1, axis=axis) * weight


def wave_noise(
    rng: np.random.Generator, offsets_mm: tuple[np.ndarray, np.ndarray, np.ndarray], wavelength_mm: float
) -> np.ndarray:
    """Return noise as a sum of plane waves, without the axis-parallel edges of `smooth_noise`, for small boxes.

    Parameters
    ----------
    rng : numpy.random.Generator
    offsets_mm : tuple of numpy.ndarray
        Open mesh of positions.
    wavelength_mm : float
        Centre of the range of wavelengths.

    Returns
    -------
    numpy.ndarray
        float32, unit standard deviation over many draws.
    """
    total: np.ndarray = np.zeros((), dtype=np.float32)
    for _ in range(_WAVES):
        direction = rng.standard_normal(3)
        turn = 2 * np.pi / (wavelength_mm * rng.uniform(0.6, 1.6)) * direction / np.linalg.norm(direction)
        factors = [np.exp(1j * k * x).astype(np.complex64) for k, x in zip(turn, offsets_mm, strict=True)]
        shift = np.complex64(np.exp(2j * np.pi * rng.random()))
        total = total + ((shift * factors[0] * factors[1]) * factors[2]).real
    return (total * np.sqrt(2 / _WAVES)).astype(np.float32)


def level_for_voxels(
    score: np.ndarray, domain: np.ndarray, voxels: float, share: np.ndarray | None = None
) -> float | None:
    """Return the level above which `score` has a given number of voxels in the domain; None if the domain is empty.

    A domain with fewer voxels is filled completely. With `share`, a voxel counts as this number of voxels.
    """
    values = score[domain]
    if values.size == 0:
        return None
    if share is not None:
        order = np.argsort(values)[::-1]
        filled = np.cumsum(share[domain][order], dtype=np.float64)
        last = min(int(np.searchsorted(filled, voxels)), values.size - 1)
        return float(values[order[last]])
    wanted = int(np.clip(round(voxels), 1, values.size))
    return float(np.partition(values, values.size - wanted)[values.size - wanted])


def coverage_above(score: np.ndarray, level: float) -> np.ndarray:
    """Return the fraction of each voxel that lies above a level of a smooth field.

    The field is assumed linear inside a voxel; a half space with gradient g (per voxel step) then covers about
    0.5 + (score - level) / (|g_z| + |g_y| + |g_x|) of it. This models partial volume: a blur over one pixel in plane,
    and over whole slices where the surface is oblique to thick slices.

    Returns
    -------
    numpy.ndarray
        float32, at least 0.5 exactly where `score >= level`.
    """
    steepness = np.full(score.shape, 1e-6, dtype=np.float32)
    for axis in range(score.ndim):
        if score.shape[axis] > 1:
            steepness += np.abs(np.gradient(score, axis=axis))
    return np.clip(0.5 + (score - np.float32(level)) / steepness, 0, 1).astype(np.float32)


def fluid_fraction(hu: np.ndarray, near: np.ndarray, brain_hu: float, fluid_hu: float) -> np.ndarray:
    """Estimate the fraction of fluid in each voxel of a mask and its in-plane neighbours.

    Parameters
    ----------
    hu : numpy.ndarray
        float32, including noise; smoothed lightly here.
    near : numpy.ndarray
        bool, known fluid; neighbours in plane are included, because a threshold misses partly filled voxels.
    brain_hu, fluid_hu : float
        HU of pure brain and pure fluid.
    """
    smooth = ndimage.gaussian_filter(hu, (0, 0.6, 0.6))
    wide = ndimage.binary_dilation(near, structure=np.ones((1, 3, 3)))
    fraction = np.clip((brain_hu - smooth) / max(brain_hu - fluid_hu, 1.0), 0, 1)
    # Noise makes single fluid voxels look like brain; voxels of the mask are more than half fluid by definition.
    fraction = np.where(near, np.maximum(fraction, 0.55), fraction)
    return np.where(wide, fraction, 0).astype(np.float32)
