# SPDX-License-Identifier: Apache-2.0
"""Bright anatomy that mimics hemorrhage: calcifications, dura, venous sinuses, vessels."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.fields import coverage_above, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite

_CALCIUM_HU = (55.0, 300.0)


def choroid_plexus(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add calcified choroid plexus, mostly bilateral, in the posterior half of the lateral ventricles."""
    where = np.argwhere(site.anatomy.ventricles)
    if not len(where):
        return
    back = where[where[:, 1] >= np.quantile(where[:, 1], 0.5)]
    midline = site.anatomy.midline_distance_mm[tuple(back.T)]
    size_mm = rng.uniform(1.5, 4.5)
    for side in (-1, 1):
        candidates = back[(side * midline > 4)]
        if len(candidates) and rng.random() < 0.85:
            for _ in range(int(rng.integers(1, 4))):
                centre = candidates[rng.integers(len(candidates))]
                _calcify(hu, site, rng, centre, size_mm * rng.uniform(0.6, 1.2))


def pineal(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add a calcified pineal gland: a small midline spot behind the centre of the brain."""
    middle = np.argwhere(site.anatomy.intracranial).mean(axis=0)
    slice_mm, row_mm, _ = site.spacing_mm
    plane = np.clip(round(middle[0] + rng.uniform(-15, 5) / slice_mm), 0, hu.shape[0] - 1)
    row = np.clip(round(middle[1] + rng.uniform(2, 14) / row_mm), 0, hu.shape[1] - 1)
    column = int(np.argmin(np.abs(site.anatomy.midline_distance_mm[int(plane), int(row)])))
    _calcify(hu, site, rng, np.array([plane, row, column]), rng.uniform(1.5, 4))


def basal_ganglia(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add faint physiological calcifications of the basal ganglia on both sides."""
    where = np.argwhere(site.anatomy.deep == DeepRegion.BASAL_GANGLIA)
    if not len(where):
        return
    midline = site.anatomy.midline_distance_mm[tuple(where.T)]
    size_mm = rng.uniform(1.5, 4)
    for side in (-1, 1):
        candidates = where[side * midline > 0]
        if len(candidates) and rng.random() < 0.9:
            _calcify(hu, site, rng, candidates[rng.integers(len(candidates))], size_mm, (45.0, 110.0))


def falx(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add a bright, partly calcified falx."""
    midline, depth = site.anatomy.midline_distance_mm, site.depth_mm
    width_mm = rng.uniform(0.6, 1.6)
    reach = np.clip(rng.uniform(15, 50) - depth, 0, 1) * (site.height_fraction[:, None, None] > rng.uniform(0.35, 0.6))
    wobble = 0.8 * smooth_noise(rng, depth.shape, site.spacing_mm, 25)
    sheet = np.clip((width_mm - np.abs(midline + wobble)) / 0.8 + 0.5, 0, 1) * reach * site.anatomy.intracranial
    gain = rng.uniform(6, 22) + 8 * smooth_noise(rng, depth.shape, site.spacing_mm, 20)
    if rng.random() < 0.25:
        gain = gain + 90 * (smooth_noise(rng, depth.shape, site.spacing_mm, 12) > 1.6)
    hu += (sheet * np.maximum(gain, 0)).astype(np.float32)


def tentorium(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add a bright tentorium: a tent-shaped sheet, broad in thick oblique slices."""
    cavity = np.argwhere(site.anatomy.intracranial)
    middle, top = cavity.mean(axis=0), cavity[:, 0].max()
    slice_mm = site.spacing_mm[0]
    apex_mm = (cavity[:, 0].min() + rng.uniform(0.32, 0.45) * (top - cavity[:, 0].min())) * slice_mm
    height_mm = (np.arange(hu.shape[0], dtype=np.float32) * slice_mm)[:, None, None]
    behind_mm = ((np.arange(hu.shape[1], dtype=np.float32) - middle[1]) * site.spacing_mm[1])[None, :, None]
    roof_mm = apex_mm - rng.uniform(0.45, 0.8) * np.abs(site.anatomy.midline_distance_mm) - 0.15 * behind_mm
    sheet = np.clip(1 - np.abs(height_mm - roof_mm) / (0.5 * slice_mm + 0.8), 0, 1) * np.clip(behind_mm / 8, 0, 1)
    sheet = sheet * np.clip(1 + 0.4 * smooth_noise(rng, hu.shape, site.spacing_mm, 20), 0, 1.5)
    hu += (rng.uniform(4, 13) * sheet * site.anatomy.intracranial).astype(np.float32)


def venous_sinus(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add a dense superior sagittal or transverse sinus along the inner table."""
    depth, midline = site.depth_mm, site.anatomy.midline_distance_mm
    middle_row = np.argwhere(site.anatomy.intracranial)[:, 1].mean()
    behind = (np.arange(hu.shape[1]) > middle_row)[None, :, None]
    height = site.height_fraction[:, None, None]
    width_mm = rng.uniform(3.5, 7)
    if rng.random() < 0.6:
        # Triangular in section, its base on the skull.
        fraction = (
            np.clip((width_mm - depth - np.abs(midline)) / 1.5, 0, 1) * (behind | (height > 0.7)) * (height > 0.3)
        )
    else:
        side = rng.choice([-1, 1])
        level = rng.uniform(0.2, 0.35)
        near = np.clip(1.5 - np.abs(height - level) / 0.06, 0, 1)
        depth = site.convexity_depth_mm
        fraction = np.clip((width_mm - depth) / 1.5, 0, 1) * near * behind * (side * midline > 0)
    target = float(np.median(hu[site.anatomy.brain])) if site.anatomy.brain.any() else 33.0
    raise_to(hu, fraction * site.anatomy.intracranial, target + rng.uniform(8, 30))


def vessel(hu: np.ndarray, site: LesionSite, rng: np.random.Generator) -> None:
    """Add a dense or calcified artery in a cistern: a spot on one or two slices."""
    low = site.height_fraction[:, None, None] < 0.5
    where = np.argwhere(site.anatomy.csf & (site.depth_mm > 12) & low)
    if not len(where):
        return
    for _ in range(int(rng.integers(1, 4))):
        _calcify(hu, site, rng, where[rng.integers(len(where))], rng.uniform(1.2, 2.5), (45.0, 150.0))


def _calcify(
    hu: np.ndarray,
    site: LesionSite,
    rng: np.random.Generator,
    centre: np.ndarray,
    radius_mm: float,
    density_hu: tuple[float, float] = _CALCIUM_HU,
) -> None:
    """Raise a small irregular spot to the density of calcium, with partial volume."""
    box = site.around(centre, (2 * radius_mm,) * 3)
    dz, dy, dx = site.offsets_mm(centre, box)
    stretch = np.exp(rng.uniform(-0.4, 0.4, 2))
    score = radius_mm - np.sqrt(dz**2 + (dy * stretch[0]) ** 2 + (dx * stretch[1]) ** 2)
    score = score + 0.3 * radius_mm * smooth_noise(rng, score.shape, site.spacing_mm, max(radius_mm, 1.5))
    fraction = coverage_above(score.astype(np.float32), 0.0) * site.anatomy.intracranial[box]
    raise_to(hu[box], fraction, rng.uniform(*density_hu))


def raise_to(hu: np.ndarray, fraction: np.ndarray, level_hu: float) -> None:
    """Blend towards a level where it is brighter than the host scan, in place."""
    hu += (fraction * np.maximum(level_hu - hu, 0)).astype(np.float32)
