# SPDX-License-Identifier: Apache-2.0
"""Intraparenchymal hemorrhage: an irregular clot with an edema rim."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.fields import (
    coverage_above,
    smooth_noise,
    wave_noise,
)
from ICHSegmentationLib.research.simulation.lesion_site import Box, LesionSite
from ICHSegmentationLib.research.simulation.lesions.densities import ACUTE_HU, mottled
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_FRACTION_BY_REGION = {
    DeepRegion.BASAL_GANGLIA: 0.40,
    DeepRegion.THALAMUS: 0.18,
    DeepRegion.LOBAR_WHITE_MATTER: 0.27,
    DeepRegion.CEREBELLUM: 0.10,
    DeepRegion.PONS: 0.05,
}
"""Approximate frequencies in hospital series of spontaneous hemorrhage; the unknown region covers contusions."""
_HELD_BACK_MM = 6.0
_ACROSS_MIDLINE = (DeepRegion.CEREBELLUM, DeepRegion.PONS)
_MAX_ML = {DeepRegion.THALAMUS: 30.0, DeepRegion.CEREBELLUM: 30.0, DeepRegion.PONS: 8.0}


def plan_parenchymal(site: LesionSite, rng: np.random.Generator, volume_ml: float | None = None) -> Lesion | None:
    """Plan a clot of a few ellipsoids with a perturbed surface, surrounded by edema.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    volume_ml : float, optional
        Drawn from 0.2-100 mL by default, less in the thalamus, cerebellum and pons.

    Returns
    -------
    Lesion or None
        None if there is no brain.
    """
    drawn_ml = float(np.clip(9 * np.exp(1.2 * rng.standard_normal()), 0.2, 100))
    centre, region = _centre(site, rng, 0.6 * _radius_mm(volume_ml or drawn_ml))
    if centre is None:
        return None
    volume = volume_ml if volume_ml is not None else min(drawn_ml, _MAX_ML.get(region, 100.0))
    radius_mm = _radius_mm(volume)
    rim_mm = rng.uniform(2, 10) * min(radius_mm / 12, 1.3)
    reach_mm = 2.0 * radius_mm + rim_mm
    box = site.around(centre, (reach_mm,) * 3)
    score = _blob_score(site, rng, centre, box, radius_mm)
    domain = _reachable(site, centre, region, box)
    # Cortex and pia limit the clot, below the skull and at the midline.
    score -= np.clip(_HELD_BACK_MM - site.depth_mm[box], 0, None)
    if region not in _ACROSS_MIDLINE:
        score -= np.clip(_HELD_BACK_MM - np.abs(site.anatomy.midline_distance_mm[box]), 0, None)
    level = site.level_for_volume(score, domain, volume, box)
    if level is None:
        return None
    coverage = coverage_above(score, level) * domain
    # Fluid spaces enclosed by the clot are compressed.
    clot = coverage >= 0.5
    enclosed = np.stack([ndimage.binary_fill_holes(plane) for plane in clot]) & ~clot
    coverage = np.where(enclosed, np.float32(1), coverage)
    contrast = mottled(rng, score.shape, site.spacing_mm, rng.uniform(*ACUTE_HU), rng.uniform(0.5, 3.5))
    # A clot is densest in its centre, where it retracts first.
    contrast = contrast + np.float32(rng.uniform(0, 4)) * np.clip((score - level) / radius_mm, 0, 1)
    if rng.random() < 0.05:
        rows_mm = np.arange(score.shape[1], dtype=np.float32)[None, :, None] * site.spacing_mm[1]
        below = rows_mm > rng.uniform(0.4, 0.6) * rows_mm.max()
        contrast = np.where(below, contrast, contrast * np.float32(rng.uniform(0.1, 0.5)))
    edema = _edema(site, rng, box, score - level, rim_mm)
    return Lesion(Subtype.IPH, box, coverage, contrast.astype(np.float32), 0.35 * radius_mm, edema)


def _radius_mm(volume_ml: float) -> float:
    """Return the radius of a sphere."""
    return (volume_ml * 1000 * 0.75 / np.pi) ** (1 / 3)


def _centre(site: LesionSite, rng: np.random.Generator, depth_mm: float) -> tuple[np.ndarray | None, DeepRegion]:
    """Draw centre and region of a lesion, deep enough for its size; anywhere in the brain if regions are unknown."""
    inside = site.anatomy.brain & (site.depth_mm > max(depth_mm, 4))
    regions = [r for r in _FRACTION_BY_REGION if np.any(inside & (site.anatomy.deep == r))]
    region = DeepRegion.UNKNOWN
    if regions and rng.random() > 0.15:
        fractions = np.array([_FRACTION_BY_REGION[r] for r in regions])
        region = regions[int(rng.choice(len(regions), p=fractions / fractions.sum()))]
        inside = inside & (site.anatomy.deep == region)
    if region not in _ACROSS_MIDLINE:
        off_midline = inside & (np.abs(site.anatomy.midline_distance_mm) > depth_mm)
        inside = off_midline if off_midline.any() else inside
    candidates = np.flatnonzero(inside if inside.any() else site.anatomy.brain)
    if candidates.size == 0:
        return None, region
    return np.array(np.unravel_index(rng.choice(candidates), inside.shape)), region


def _reachable(site: LesionSite, centre: np.ndarray, region: DeepRegion, box: Box) -> np.ndarray:
    """Return the tissue that the clot may occupy: hemispheric lesions stay on their side of the falx."""
    tissue = site.tissue[box]
    if region in _ACROSS_MIDLINE:
        return tissue
    side = np.sign(site.anatomy.midline_distance_mm[tuple(centre)]) or 1.0
    own_side = side * site.anatomy.midline_distance_mm[box] > 1.0
    return tissue & own_side if (tissue & own_side).any() else tissue


def _blob_score(
    site: LesionSite, rng: np.random.Generator, centre: np.ndarray, box: Box, radius_mm: float
) -> np.ndarray:
    """Return a field similar to a signed distance in mm, positive inside a union of perturbed ellipsoids."""
    dz, dy, dx = site.offsets_mm(centre, box)
    score = np.full([part.stop - part.start for part in box], -np.inf, dtype=np.float32)
    for index in range(int(rng.integers(1, 5))):
        size = radius_mm * (1.0 if index == 0 else rng.uniform(0.35, 0.75))
        oz, oy, ox = (0, 0, 0) if index == 0 else rng.uniform(-0.9, 0.9, 3) * radius_mm
        angle = rng.uniform(0, np.pi)
        long = (dy - oy) * np.cos(angle) + (dx - ox) * np.sin(angle)
        wide = (dx - ox) * np.cos(angle) - (dy - oy) * np.sin(angle)
        axes = np.exp(rng.uniform(-0.35, 0.35, 3))
        axes /= np.prod(axes) ** (1 / 3)
        radius = np.sqrt(((dz - oz) / axes[0]) ** 2 + (long / axes[1]) ** 2 + (wide / axes[2]) ** 2)
        score = np.maximum(score, (size - radius).astype(np.float32))
    coarse = wave_noise(rng, (dz, dy, dx), max(1.5 * radius_mm, 8))
    fine = wave_noise(rng, (dz, dy, dx), max(0.5 * radius_mm, 5))
    return score + np.float32(0.14 * radius_mm) * coarse + np.float32(0.05 * radius_mm) * fine


def _edema(
    site: LesionSite, rng: np.random.Generator, box: Box, outside: np.ndarray, rim_mm: float
) -> np.ndarray | None:
    """Return the strength of the edema: full at the clot, fading over an uneven rim."""
    if rng.random() < 0.2:
        return None
    uneven = rim_mm * np.clip(1 + 0.5 * smooth_noise(rng, outside.shape, site.spacing_mm, 12), 0.2, 2)
    strength = np.clip(1.5 * (1 + outside / uneven), 0, 1) * site.anatomy.brain[box]
    return (strength * rng.uniform(0.4, 1)).astype(np.float32)
