# SPDX-License-Identifier: Apache-2.0
"""Image artefacts: beam hardening, streaks, metal, partial volume at the vertex, motion."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.research.simulation.fields import smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite

_METAL_HU = 3000.0


def beam_hardening(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add dark and bright bands between the petrous bones (the Hounsfield bar), in low slices."""
    low = np.flatnonzero((site.height_fraction > 0.02) & (site.height_fraction < 0.3))
    if not low.size:
        return
    for index in rng.choice(low, size=min(int(rng.integers(1, 4)), low.size), replace=False):
        cavity = np.argwhere(site.anatomy.intracranial[index])
        if not len(cavity):
            continue
        centre_row = rng.uniform(*np.quantile(cavity[:, 0], [0.25, 0.75]))
        for _ in range(int(rng.integers(1, 4))):
            offset, width = rng.normal(0, 8), rng.uniform(1.5, 6)
            rows_mm = (np.arange(hu.shape[1]) - centre_row) * site.spacing_mm[1]
            columns_mm = site.anatomy.midline_distance_mm[index]
            band = np.exp(-(((rows_mm[:, None] + rng.normal(0, 0.1) * columns_mm - offset) / width) ** 2))
            band = band * np.exp(-((columns_mm / rng.uniform(20, 45)) ** 2))
            _add(hu, site, index, rng.choice([-1, 1], p=[0.6, 0.4]) * rng.uniform(5, 25) * band)


def streaks(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add fine bright and dark rays from a point on the skull, in a few slices."""
    if not len(site.inner_table):
        return
    index, row, column = site.inner_table[rng.integers(len(site.inner_table))]
    for other in range(index, min(index + int(rng.integers(1, 3)), hu.shape[0])):
        _add(hu, site, other, rng.uniform(4, 14) * _rays(hu.shape[1:], row, column, site, rng))


def metal(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add a clip, coil or shunt: a very bright spot with strong rays."""
    where = np.argwhere(site.anatomy.intracranial)
    index, row, column = where[rng.integers(len(where))]
    _add(hu, site, index, rng.uniform(20, 60) * _rays(hu.shape[1:], row, column, site, rng))
    rows_mm = (np.arange(hu.shape[1]) - row)[:, None] * site.spacing_mm[1]
    columns_mm = (np.arange(hu.shape[2]) - column)[None, :] * site.spacing_mm[2]
    fraction = np.clip(rng.uniform(1, 3) - np.sqrt(rows_mm**2 + columns_mm**2) + 0.5, 0, 1)
    hu[index] += (fraction * (_METAL_HU - hu[index])).astype(np.float32)


def vertex_partial_volume(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add partial volume of the bone above to the highest slices with brain."""
    used = np.flatnonzero(site.anatomy.intracranial.any(axis=(1, 2)))
    bone = site.anatomy.skull.astype(np.float32)
    for index in used[-2:]:
        above = bone[index + 1] if index + 1 < hu.shape[0] else bone[index]
        width = rng.uniform(2, 5) / site.spacing_mm[1]
        _add(hu, site, index, rng.uniform(15, 60) * ndimage.gaussian_filter(above, width))


def motion(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add the ghost of a moved head to a slice: a mean with a rotated and shifted copy."""
    used = np.flatnonzero(site.anatomy.intracranial.any(axis=(1, 2)))
    for index in rng.choice(used, size=min(int(rng.integers(1, 3)), used.size), replace=False):
        angle = np.deg2rad(rng.normal(0, 1.0))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.array(hu.shape[1:]) / 2
        offset = middle - turn @ middle + rng.normal(0, 1.5, 2)
        ghost = ndimage.affine_transform(hu[index], turn, offset, order=1, mode="nearest")
        # Limit the change, or the ghost of bone would reach far into the brain.
        difference = np.clip(ghost - hu[index], -25, 25)
        _add(hu, site, index, rng.uniform(0.2, 0.5) * difference)


def _rays(shape: tuple[int, ...], row: int, column: int, site: LesionSite, rng: np.random.Generator) -> np.ndarray:
    """Return noise over the angle around a pixel, fading with distance, about unit amplitude."""
    rows_mm = (np.arange(shape[0]) - row)[:, None] * site.spacing_mm[1]
    columns_mm = (np.arange(shape[1]) - column)[None, :] * site.spacing_mm[2]
    count = int(rng.integers(60, 240))
    profile = smooth_noise(rng, (count,), (1.0,), 2.0)
    angle = (np.arctan2(rows_mm, columns_mm) + np.pi) / (2 * np.pi) * count
    rays = np.interp(angle.ravel(), np.arange(count), profile, period=count).reshape(shape)
    return rays * np.exp(-np.hypot(rows_mm, columns_mm) / rng.uniform(25, 70))


def _add(hu: np.ndarray, site: LesionSite, index: int, change: np.ndarray) -> None:
    """Add to the cranial cavity of one slice, in place."""
    hu[index] += (change * site.cavity[index]).astype(np.float32)
