# SPDX-License-Identifier: Apache-2.0
"""Extra-axial hemorrhage: the epidural lens and the subdural crescent."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import Box, LesionSite
from ICHSegmentationLib.research.simulation.lesions.densities import ACUTE_HU, mottled, subdural_contrast
from ICHSegmentationLib.research.simulation.lesions.dural_folds import plan_falcine, plan_tentorial
from ICHSegmentationLib.research.simulation.lesions.layer import drawn_volume, layer_lesion
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_MIDLINE_GAP_MM = 1.5
_VAULT_MM = 3.0
_DURAL_FOLD_FRACTION = 0.22
_MAX_ON_FOLD_ML = 15.0


def plan_epidural(site: LesionSite, rng: np.random.Generator, volume_ml: float | None = None) -> Lesion | None:
    """Plan a biconvex lens on the inner table.

    Its thickness falls with the distance from its centre. The dura is fixed at the sutures, so the lens is short and
    ends steeply on some sides.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    volume_ml : float, optional
        Drawn from 0.5-100 mL by default.

    Returns
    -------
    Lesion or None
        None if there is no inner table.
    """
    volume = volume_ml if volume_ml is not None else drawn_volume(rng, 0.5, 100, median=15)
    centre = _table_point(site, rng, lateral_mm=25)
    if centre is None:
        return None
    flatness = rng.uniform(1.3, 2.8)
    thickness_mm = (volume * 1000 / (1.4 * flatness**2)) ** (1 / 3)
    radius_mm = flatness * thickness_mm
    box = site.around(centre, (1.5 * radius_mm,) * 3)
    run = _run_from(site, centre, box, (radius_mm * rng.uniform(0.7, 1.0), radius_mm, radius_mm))
    if rng.random() < 0.6:
        run = _stop_at_suture(site, rng, centre, box, run, radius_mm)
    power = rng.uniform(2.0, 3.5)
    score = _layer_score(site, rng, box, run**power, thickness_mm, roughness=0.05)
    contrast = mottled(rng, score.shape, site.spacing_mm, rng.uniform(*ACUTE_HU), rng.uniform(0.5, 3))
    if rng.random() < 0.25:
        # Unclotted blood within the clot: the swirl sign.
        swirl = smooth_noise(rng, score.shape, site.spacing_mm, max(thickness_mm * 0.7, 4))
        contrast = contrast - np.float32(rng.uniform(8, 22)) * expit(6 * (swirl - 0.9))
    return layer_lesion(site, Subtype.EDH, box, score, site.cavity[box], volume, contrast, 0.5 * thickness_mm)


def plan_subdural(site: LesionSite, rng: np.random.Generator, volume_ml: float | None = None) -> Lesion | None:
    """Plan a crescent over one hemisphere, or a band along the falx or the tentorium.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    volume_ml : float, optional
        Drawn from 1-100 mL by default (1-12 mL along a dural fold).

    Returns
    -------
    Lesion or None
        None if there is no inner table.
    """
    form = rng.random()
    if form < _DURAL_FOLD_FRACTION and (volume_ml is None or volume_ml <= _MAX_ON_FOLD_ML):
        plan = plan_falcine if form < 0.6 * _DURAL_FOLD_FRACTION else plan_tentorial
        on_fold = plan(site, rng, volume_ml)
        if on_fold is not None:
            return on_fold
    volume = volume_ml if volume_ml is not None else drawn_volume(rng, 1, 100, median=20)
    centre = _table_point(site, rng, lateral_mm=35)
    if centre is None:
        return None
    thickness_mm = float(np.clip(1.6 * volume**0.42 * rng.uniform(0.7, 1.4), 2.5, 22))
    radius_mm = float(np.clip(np.sqrt(volume * 1000 / (2.0 * thickness_mm)), 12, 95))
    box = site.around(centre, (1.3 * radius_mm, 2.0 * radius_mm, 2.0 * radius_mm))
    run = _run_from(site, centre, box, (radius_mm * rng.uniform(0.6, 0.9), radius_mm, radius_mm))
    score = _layer_score(site, rng, box, run ** rng.uniform(2.5, 4.5), thickness_mm, roughness=0.10)
    side = np.sign(site.anatomy.midline_distance_mm[tuple(centre)]) or 1.0
    domain = site.cavity[box] & (side * site.anatomy.midline_distance_mm[box] > _MIDLINE_GAP_MM)
    contrast = subdural_contrast(rng, score.shape, site.spacing_mm)
    return layer_lesion(site, Subtype.SDH, box, score, domain, volume, contrast, 0.6 * thickness_mm)


def _table_point(site: LesionSite, rng: np.random.Generator, *, lateral_mm: float) -> np.ndarray | None:
    """Draw a voxel on the inner table of the convexity, away from the midline if possible."""
    points = site.inner_table
    if len(points) == 0:
        return None
    lateral = np.abs(site.anatomy.midline_distance_mm[tuple(points.T)]) > lateral_mm
    height = site.height_fraction[points[:, 0]]
    vault = site.convexity_depth_mm[tuple(points.T)] < _VAULT_MM
    convex = points[vault & lateral & (height > 0.3) & (height < 0.92)]
    chosen = convex if len(convex) else points
    return chosen[rng.integers(len(chosen))]


def _run_from(site: LesionSite, centre: np.ndarray, box: Box, radii_mm: tuple[float, float, float]) -> np.ndarray:
    """Return the distance from a voxel in units of the radii along slices, rows and columns."""
    dz, dy, dx = site.offsets_mm(centre, box)
    return np.sqrt((dz / radii_mm[0]) ** 2 + (dy / radii_mm[1]) ** 2 + (dx / radii_mm[2]) ** 2).astype(np.float32)


def _stop_at_suture(
    site: LesionSite, rng: np.random.Generator, centre: np.ndarray, box: Box, run: np.ndarray, radius_mm: float
) -> np.ndarray:
    """Add a steep end of the lens at a plane across the skull."""
    dz, dy, dx = site.offsets_mm(centre, box)
    angle, rise = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
    along = np.cos(angle) * dy + np.sin(angle) * dx + rise * dz
    beyond = np.maximum(along - rng.uniform(0.35, 0.8) * radius_mm, 0)
    return run + (beyond / 4.0).astype(np.float32)


def _layer_score(
    site: LesionSite, rng: np.random.Generator, box: Box, fall: np.ndarray, thickness_mm: float, *, roughness: float
) -> np.ndarray:
    """Return a field whose level sets are layers on the inner table, thinning with `fall`."""
    depth = site.convexity_depth_mm[box]
    rough = smooth_noise(rng, depth.shape, site.spacing_mm, rng.uniform(14, 30))
    score = 1 - fall - depth / thickness_mm + roughness * rough
    return score.astype(np.float32)
