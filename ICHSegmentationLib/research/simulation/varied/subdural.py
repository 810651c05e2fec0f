# SPDX-License-Identifier: Apache-2.0
"""Subdural collections: crescents over a hemisphere, bands along falx and tentorium."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import coverage_above, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.dural_folds import plan_tentorial
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.varied.ages import SUBDURAL_AGES, drawn_age, with_age

_THINNEST_MM, _THICKEST_MM = 2.0, 25.0
_THICKEST_FALCINE_MM = 8.0
_MIDLINE_GAP_MM = 1.5
_OFF_VENTRICLES_MM = 8.0
_AGES_ON_FOLDS = ("acute", "swirl", "isodense")
_PUSH_OF_SHIFT_MM = 5.0
"""A crescent that pushes more shifts the midline, so that a band on the falx would not lie beside the falx."""
_BOTH_SIDES = 0.15
_WITH_FALX, _WITH_TENTORIUM, _FOLD_ALONE = 0.25, 0.15, 0.2


def plan_subdurals(site: LesionSite, rng: np.random.Generator) -> list[Lesion]:
    """Plan the subdural collections of one head: a crescent, a band on a dural fold, or several of them."""
    side = float(rng.choice([-1, 1]))
    age = drawn_age(rng, SUBDURAL_AGES)
    crescents: list[Lesion | None] = []
    folds: list[Lesion | None] = []
    if rng.random() < _FOLD_ALONE:
        falx = rng.random() < 0.6
        folds.append(plan_falx(site, rng, side) if falx else plan_tentorial(site, rng, None))
        if rng.random() < 0.25:
            folds.append(plan_tentorial(site, rng, None) if falx else plan_falx(site, rng, side))
    else:
        crescents.append(plan_crescent(site, rng, side))
        if rng.random() < _BOTH_SIDES:
            crescents.append(plan_crescent(site, rng, -side))
        shifted = any(lesion is not None and lesion.push_mm > _PUSH_OF_SHIFT_MM for lesion in crescents)
        if rng.random() < _WITH_FALX and not shifted:
            folds.append(plan_falx(site, rng, side))
        if rng.random() < _WITH_TENTORIUM:
            folds.append(plan_tentorial(site, rng, None))
    on_folds = age if age in _AGES_ON_FOLDS else "acute"
    return [
        with_age(lesion, site, rng, of_age)
        for lesions, of_age in ((crescents, age), (folds, on_folds))
        for lesion in lesions
        if lesion is not None
    ]


def plan_crescent(
    site: LesionSite, rng: np.random.Generator, side: float, thickness_mm: float | None = None
) -> Lesion | None:
    """Plan a crescent over the convexity of one side (1 is the patient's left).

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    side : float
        Sign of `Anatomy.midline_distance_mm`.
    thickness_mm : float, optional
        Greatest thickness; drawn from 2-25 mm by default.

    Returns
    -------
    Lesion or None
        None if there is no cavity on this side.
    """
    midline = site.anatomy.midline_distance_mm
    if thickness_mm is None:
        thickness_mm = float(np.exp(rng.uniform(np.log(_THINNEST_MM), np.log(_THICKEST_MM))))
    where = np.argwhere(site.anatomy.intracranial & (site.height_fraction > 0.35)[:, None, None])
    if not len(where):
        return None
    low, high = where[:, 0].min(), where[:, 0].max()
    centre = np.array([low + rng.uniform(0.05, 0.8) * (high - low), *where.mean(axis=0)[1:]])
    dz, dy, _ = site.offsets_mm(centre, _whole(site))
    # 0 at the side of the head, -pi/2 at the front, pi/2 at the back.
    azimuth = np.arctan2(dy, np.maximum(side * midline, 1))
    # A thick collection is wide too.
    reach_mm = max(rng.uniform(20, 75), 3 * thickness_mm)
    reach_rad = max(rng.uniform(0.4, 1.7), thickness_mm / 18)
    run = np.sqrt(((azimuth - rng.normal(0.1, 0.45)) / reach_rad) ** 2 + (dz / reach_mm) ** 2)
    uneven = 1 + rng.uniform(0.02, 0.12) * smooth_noise(rng, midline.shape, site.spacing_mm, rng.uniform(12, 40))
    # Close to the vertex and at both poles the crescent thins towards the midline.
    ends = np.clip(side * midline / 12, 0, 1)
    layer_mm = thickness_mm * ends * np.clip(1 - run ** rng.uniform(2, 3.5), -1, 1)
    domain = site.cavity & (side * midline > _MIDLINE_GAP_MM)
    depth_mm = _depth(site)
    return _layer(site, (layer_mm * np.clip(uneven, 0.3, 1.8) - depth_mm).astype(np.float32), domain, thickness_mm)


def plan_falx(
    site: LesionSite, rng: np.random.Generator, side: float, thickness_mm: float | None = None
) -> Lesion | None:
    """Plan a band along much of the falx, on one side of it; 2-8 mm thick by default."""
    midline = site.anatomy.midline_distance_mm
    where = np.argwhere(site.cavity & (np.abs(midline) < 3) & (site.height_fraction > 0.45)[:, None, None])
    if not len(where):
        return None
    if thickness_mm is None:
        thickness_mm = float(np.exp(rng.uniform(np.log(_THINNEST_MM), np.log(_THICKEST_FALCINE_MM))))
    centre = where[rng.integers(len(where))]
    dz, dy, _ = site.offsets_mm(centre, _whole(site))
    run = np.sqrt((dz / rng.uniform(15, 45)) ** 2 + (dy / rng.uniform(20, 90)) ** 2)
    uneven = 1 + rng.uniform(0.05, 0.3) * smooth_noise(rng, midline.shape, site.spacing_mm, 18)
    layer_mm = thickness_mm * np.clip(1 - run ** rng.uniform(2, 6), -1, 1) * np.clip(uneven, 0.3, 1.8)
    from_falx_mm = side * midline - 0.5
    height = site.height_fraction[:, None, None] > rng.uniform(0.35, 0.5)
    # The free edge of the falx lies above the corpus callosum.
    pixels = max(round(_OFF_VENTRICLES_MM / site.spacing_mm[1]), 1)
    near_ventricles = (
        ndimage.uniform_filter(site.anatomy.ventricles.astype(np.float32), (0, 2 * pixels, 2 * pixels)) > 0
    )
    domain = site.cavity & (from_falx_mm >= 0) & (site.depth_mm < rng.uniform(15, 36)) & height & ~near_ventricles
    return _layer(site, (layer_mm - from_falx_mm).astype(np.float32), domain, thickness_mm)


def _layer(site: LesionSite, score_mm: np.ndarray, domain: np.ndarray, thickness_mm: float) -> Lesion | None:
    """Return the lesion where a field in mm is positive; None if it is nowhere."""
    domain = _largest(domain & (score_mm >= 0), domain)
    if not domain.any():
        return None
    coverage = coverage_above(score_mm, 0.0) * domain
    no_contrast = np.zeros_like(coverage)
    return Lesion(Subtype.SDH, _whole(site), coverage, no_contrast, push_mm=0.6 * thickness_mm).trimmed()


def _largest(inside: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """Return the domain without the smaller components of the inside."""
    components, count = ndimage.label(inside)
    if count == 0:
        return np.zeros_like(domain)
    largest = 1 + int(np.argmax(np.bincount(components.ravel())[1:]))
    return domain & ((components == 0) | (components == largest))


def _depth(site: LesionSite) -> np.ndarray:
    """Return the distance to the vault; below the widest part of the head, to the bone."""
    upper = (site.height_fraction > 0.4)[:, None, None]
    return np.where(upper, site.convexity_depth_mm, np.minimum(site.convexity_depth_mm, site.depth_mm))


def _whole(site: LesionSite) -> tuple[slice, slice, slice]:
    slices, rows, columns = site.anatomy.skull.shape
    return slice(0, slices), slice(0, rows), slice(0, columns)
