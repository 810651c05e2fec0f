# SPDX-License-Identifier: Apache-2.0
"""Intraventricular hemorrhage: a dependent level, a cast, or an extension of a parenchymal clot."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import (
    coverage_above,
    fluid_fraction,
    smooth_noise,
)
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.densities import ACUTE_HU, mottled
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_MIN_CAST_ML = 2.0


def plan_ventricular(
    site: LesionSite,
    rng: np.random.Generator,
    hu: np.ndarray,
    ventricles: np.ndarray,
    *,
    brain_hu: float,
    fluid_hu: float,
    volume_ml: float | None = None,
    clot: np.ndarray | None = None,
) -> Lesion | None:
    """Plan hemorrhage that fills part of the ventricles.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    hu : numpy.ndarray
        float32, HU of the site.
    ventricles : numpy.ndarray
        bool (after displacement by other lesions).
    brain_hu, fluid_hu : float
        HU of brain and fluid in the host scan.
    volume_ml : float, optional
        Drawn from 0.3 mL up to the whole ventricles by default.
    clot : numpy.ndarray, optional
        bool, a parenchymal clot that may have ruptured into the ventricles.

    Returns
    -------
    Lesion or None
        None if there are no ventricles.
    """
    where = np.argwhere(ventricles)
    if len(where) == 0:
        return None
    volume = volume_ml if volume_ml is not None else float(np.clip(5 * np.exp(1.1 * rng.standard_normal()), 0.3, 80))
    # Include the choroid plexus: blood surrounds and hides it.
    ventricles = ventricles | ndimage.binary_closing(ventricles, structure=np.ones((1, 3, 3)), iterations=2)
    fraction = fluid_fraction(hu, ventricles, brain_hu, fluid_hu)
    box = site.around(where[0], (1e4,) * 3)
    if clot is not None and clot.any() and rng.random() < 0.7:
        score = _distance_score(site, rng, _nearest(where, clot, site.spacing_mm), box)
    elif volume < _MIN_CAST_ML or rng.random() < 0.5:
        score = _level_score(site, rng, box, where)
    else:
        score = _distance_score(site, rng, where[rng.integers(len(where))], box)
    level = site.level_for_volume(score, fraction >= 0.5, volume)
    if level is None:
        return None
    coverage = coverage_above(score, level) * fraction
    # The product of two fractions could fall below one half and change the requested volume.
    coverage = np.where((score >= level) & (fraction >= 0.5), np.maximum(coverage, 0.5), np.minimum(coverage, 0.49))
    contrast = mottled(rng, hu.shape, site.spacing_mm, rng.uniform(*ACUTE_HU), rng.uniform(0.5, 3))
    return Lesion(Subtype.IVH, box, coverage.astype(np.float32), contrast)


def _level_score(site: LesionSite, rng: np.random.Generator, box: tuple, where: np.ndarray) -> np.ndarray:
    """Return the height field of a fluid level: cells settle in the posterior horns of a supine patient."""
    centre = where.mean(axis=0)
    dz, dy, dx = site.offsets_mm(centre, box)
    tilt, roll = rng.normal(0, 0.08, 2)
    side = rng.choice([-1.0, 0.0, 1.0], p=[0.2, 0.6, 0.2])
    one_sided = 12.0 * side * np.tanh(site.anatomy.midline_distance_mm / 4)
    wavy = smooth_noise(rng, site.anatomy.ventricles.shape, site.spacing_mm, 12)
    return (dy + tilt * dz + roll * dx + one_sided + 0.8 * wavy).astype(np.float32)


def _distance_score(site: LesionSite, rng: np.random.Generator, seed: np.ndarray, box: tuple) -> np.ndarray:
    """Return the closeness to a seed, from which a cast grows through the ventricles."""
    dz, dy, dx = site.offsets_mm(seed, box)
    wavy = smooth_noise(rng, site.anatomy.ventricles.shape, site.spacing_mm, 10)
    # The other lateral ventricle is near, but filled late.
    midline = site.anatomy.midline_distance_mm
    other_side = 10.0 * (np.sign(midline[tuple(seed)]) * midline < -1)
    return (-np.sqrt(dz**2 + dy**2 + dx**2) - other_side + 1.5 * wavy).astype(np.float32)


def _nearest(where: np.ndarray, clot: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Return the ventricle voxel nearest to the centroid of a clot."""
    middle = np.argwhere(clot).mean(axis=0)
    return where[int(np.argmin((((where - middle) * spacing_mm) ** 2).sum(axis=1)))]
