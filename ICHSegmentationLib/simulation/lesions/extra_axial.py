# SPDX-License-Identifier: Apache-2.0
"""Blood between skull and brain: the epidural lens and the subdural crescent."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.simulation.lesions.densities import ACUTE_HU, CHRONIC_HU, SUBACUTE_HU, mottled
from ICHSegmentationLib.simulation.lesions.fields import coverage_above, level_for_voxels, smooth_noise
from ICHSegmentationLib.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.simulation.lesions.site import Box, LesionSite
from ICHSegmentationLib.subtypes import Subtype

_MIDLINE_GAP_MM = 1.5
_DEEPEST_MM = 45.0


def plan_epidural(site: LesionSite, rng: np.random.Generator, volume_ml: float | None = None) -> Lesion | None:
    """Biconvex lens on the inner table.

    Its height falls with the distance from its centre, so that it bulges inwards more than the skull curves; the dura
    is bound to the sutures, so it is short and its ends are blunt on some sides.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    volume_ml : float, optional
        Drawn from 0.5-100 mL where not given.

    Returns
    -------
    Lesion or None
        None where there is no inner table.
    """
    volume = volume_ml if volume_ml is not None else _drawn_volume(rng, 0.5, 100, median=15)
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
        # Fresh unclotted blood among clot: the swirl sign.
        swirl = smooth_noise(rng, score.shape, site.spacing_mm, max(thickness_mm * 0.7, 4))
        contrast = contrast - np.float32(rng.uniform(8, 22)) * (swirl > 0.8)
    return _lesion(site, Subtype.EDH, box, score, site.cavity[box], volume, contrast, 0.5 * thickness_mm)


def plan_subdural(site: LesionSite, rng: np.random.Generator, volume_ml: float | None = None) -> Lesion | None:
    """Crescent over one hemisphere, or a band along the falx; chronic ones with a level.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    volume_ml : float, optional
        Drawn from 1-120 mL where not given (1-12 mL along the falx).

    Returns
    -------
    Lesion or None
        None where there is no inner table.
    """
    if rng.random() < 0.15 and (volume_ml is None or volume_ml <= 15):
        along_falx = _plan_falcine(site, rng, volume_ml)
        if along_falx is not None:
            return along_falx
    volume = volume_ml if volume_ml is not None else _drawn_volume(rng, 1, 120, median=22)
    centre = _table_point(site, rng, lateral_mm=35)
    if centre is None:
        return None
    thickness_mm = float(np.clip(2.2 * volume**0.42 * rng.uniform(0.75, 1.3), 2.5, 28))
    radius_mm = float(np.clip(np.sqrt(volume * 1000 / (2.0 * thickness_mm)), 12, 95))
    box = site.around(centre, (1.3 * radius_mm, 2.0 * radius_mm, 2.0 * radius_mm))
    run = _run_from(site, centre, box, (radius_mm * rng.uniform(0.6, 0.9), radius_mm, radius_mm))
    score = _layer_score(site, rng, box, run ** rng.uniform(2.5, 4.5), thickness_mm, roughness=0.10)
    side = np.sign(site.anatomy.midline_distance_mm[tuple(centre)]) or 1.0
    domain = site.cavity[box] & (side * site.anatomy.midline_distance_mm[box] > _MIDLINE_GAP_MM)
    contrast = _subdural_contrast(site, rng, box, score.shape)
    return _lesion(site, Subtype.SDH, box, score, domain, volume, contrast, 0.6 * thickness_mm)


def _plan_falcine(site: LesionSite, rng: np.random.Generator, volume_ml: float | None) -> Lesion | None:
    """Thin band on one side of the falx, in the upper half of the head."""
    midline = site.anatomy.midline_distance_mm
    upper = site.height_fraction[:, None, None] > 0.45
    candidates = np.argwhere(site.cavity & (np.abs(midline) < 3) & (site.depth_mm < 15) & upper)
    if candidates.size == 0:
        return None
    volume = volume_ml if volume_ml is not None else _drawn_volume(rng, 1, 12, median=4)
    centre = candidates[rng.integers(len(candidates))]
    side = rng.choice([-1.0, 1.0])
    thickness_mm = rng.uniform(2.5, 7)
    radius_mm = float(np.clip(np.sqrt(volume * 1000 / thickness_mm), 10, 70))
    box = site.around(centre, (0.8 * radius_mm, 1.6 * radius_mm, 15))
    dz, dy, _ = site.offsets_mm(centre, box)
    run = np.sqrt((dz / (0.6 * radius_mm)) ** 2 + (dy / radius_mm) ** 2)
    from_falx_mm = side * midline[box]
    wavy = 1 + 0.2 * smooth_noise(rng, midline[box].shape, site.spacing_mm, 18)
    score = (1 - run**4 - np.abs(from_falx_mm) / (thickness_mm * np.clip(wavy, 0.4, 1.6))).astype(np.float32)
    domain = site.cavity[box] & (from_falx_mm >= 0) & (site.depth_mm[box] < _DEEPEST_MM)
    contrast = mottled(rng, score.shape, site.spacing_mm, rng.uniform(*ACUTE_HU), rng.uniform(0.5, 3))
    return _lesion(site, Subtype.SDH, box, score, domain, volume, contrast, 0.3 * thickness_mm)


def _subdural_contrast(site: LesionSite, rng: np.random.Generator, box: Box, shape: tuple[int, ...]) -> np.ndarray:
    """Density of a subdural collection by age: acute, subacute, mixed, or chronic with a level."""
    age = rng.choice(["acute", "subacute", "mixed", "level", "chronic"], p=[0.55, 0.1, 0.15, 0.12, 0.08])
    spacing = site.spacing_mm
    if age in ("acute", "subacute", "chronic"):
        low, high = {"acute": ACUTE_HU, "subacute": SUBACUTE_HU, "chronic": CHRONIC_HU}[str(age)]
        return mottled(rng, shape, spacing, rng.uniform(low, high), rng.uniform(0.5, 4))
    dense, thin = rng.uniform(*ACUTE_HU), rng.uniform(*CHRONIC_HU)
    if age == "mixed":
        pattern = smooth_noise(rng, shape, spacing, rng.uniform(8, 25))
        share = 1 / (1 + np.exp(-4 * (pattern + rng.uniform(-0.3, 1.0))))
    else:
        # The patient lies on the back: cells settle towards higher rows.
        rows_mm = (np.arange(box[1].start, box[1].stop) * spacing[1]).astype(np.float32)
        level_mm = rng.uniform(*np.quantile(rows_mm, [0.35, 0.7]))
        share = 1 / (1 + np.exp(-(rows_mm - level_mm) / rng.uniform(0.8, 5)))[None, :, None]
    return (thin + (dense - thin) * share + mottled(rng, shape, spacing, 0, 1.5)).astype(np.float32)


def _drawn_volume(rng: np.random.Generator, low: float, high: float, *, median: float) -> float:
    """Log-normal volume in mL, cut to a range."""
    return float(np.clip(median * np.exp(0.9 * rng.standard_normal()), low, high))


def _table_point(site: LesionSite, rng: np.random.Generator, *, lateral_mm: float) -> np.ndarray | None:
    """Voxel on the inner table of the convexity; away from the midline where the head allows it."""
    points = site.inner_table
    if len(points) == 0:
        return None
    lateral = np.abs(site.anatomy.midline_distance_mm[tuple(points.T)]) > lateral_mm
    height = site.height_fraction[points[:, 0]]
    convex = points[lateral & (height > 0.3) & (height < 0.92)]
    chosen = convex if len(convex) else points
    return chosen[rng.integers(len(chosen))]


def _run_from(site: LesionSite, centre: np.ndarray, box: Box, radii_mm: tuple[float, float, float]) -> np.ndarray:
    """Distance from a voxel in units of the radii along slices, rows and columns."""
    dz, dy, dx = site.offsets_mm(centre, box)
    return np.sqrt((dz / radii_mm[0]) ** 2 + (dy / radii_mm[1]) ** 2 + (dx / radii_mm[2]) ** 2).astype(np.float32)


def _stop_at_suture(
    site: LesionSite, rng: np.random.Generator, centre: np.ndarray, box: Box, run: np.ndarray, radius_mm: float
) -> np.ndarray:
    """Make the lens end steeply at a plane across the skull."""
    dz, dy, dx = site.offsets_mm(centre, box)
    angle, rise = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
    along = np.cos(angle) * dy + np.sin(angle) * dx + rise * dz
    beyond = np.maximum(along - rng.uniform(0.35, 0.8) * radius_mm, 0)
    return run + (beyond / 4.0).astype(np.float32)


def _layer_score(
    site: LesionSite, rng: np.random.Generator, box: Box, fall: np.ndarray, thickness_mm: float, *, roughness: float
) -> np.ndarray:
    """Field whose level sets are layers on the inner table, thinning with `fall`."""
    depth = site.depth_mm[box]
    rough = smooth_noise(rng, depth.shape, site.spacing_mm, rng.uniform(14, 30))
    score = 1 - fall - depth / thickness_mm + roughness * rough
    return score.astype(np.float32)


def _lesion(
    site: LesionSite,
    subtype: Subtype,
    box: Box,
    score: np.ndarray,
    domain: np.ndarray,
    volume_ml: float,
    contrast: np.ndarray,
    push_mm: float,
) -> Lesion | None:
    """Cut the field at the level that holds the volume."""
    domain = domain & (site.depth_mm[box] < _DEEPEST_MM)
    level = level_for_voxels(score, domain, volume_ml / site.voxel_ml)
    if level is None:
        return None
    coverage = coverage_above(score, level) * domain
    return Lesion(subtype, box, coverage, contrast, push_mm=push_mm)
