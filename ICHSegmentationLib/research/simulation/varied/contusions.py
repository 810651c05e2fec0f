# SPDX-License-Identifier: Apache-2.0
"""Contusions at the frontal and temporal poles, and parenchymal clots with liquid parts."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import coverage_above, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.lesions.parenchymal import plan_parenchymal
from ICHSegmentationLib.research.simulation.varied.ages import CLOT_AGES, drawn_age, with_age

_BLOBS = (2, 7)
_SPREAD_MM = 16.0


def plan_clots(site: LesionSite, rng: np.random.Generator) -> list[Lesion]:
    """Plan one clot of any age, or contusions."""
    if rng.random() < 0.5:
        return plan_contusions(site, rng)
    clot = plan_parenchymal(site, rng)
    if clot is None:
        return []
    age = drawn_age(rng, CLOT_AGES)
    return [clot if age == "acute" else with_age(clot, site, rng, age)]


def plan_contusions(site: LesionSite, rng: np.random.Generator) -> list[Lesion]:
    """Plan a group of small clots near the surface of a pole, with edema around each; sometimes a second group."""
    found = []
    for _ in range(1 + (rng.random() < 0.3)):
        centre = _pole(site, rng, front=rng.random() < 0.55)
        if centre is None:
            continue
        dense_hu = rng.uniform(14, 40)
        for _ in range(int(rng.integers(*_BLOBS))):
            lesion = _blob(site, rng, centre, dense_hu)
            if lesion is not None:
                found.append(lesion)
    return found


def _pole(site: LesionSite, rng: np.random.Generator, *, front: bool) -> np.ndarray | None:
    """Draw a voxel of the cortex at the base of a frontal lobe, or at a temporal pole."""
    brain = np.argwhere(site.anatomy.brain & (site.depth_mm > 2) & (site.depth_mm < 14))
    if not len(brain):
        return None
    lateral = np.abs(site.anatomy.midline_distance_mm[tuple(brain.T)])
    height = site.height_fraction[brain[:, 0]]
    forward = brain[:, 1] < np.quantile(brain[:, 1], 0.2)
    frontal = forward & (lateral > 4) & (lateral < 40) & (height > 0.2) & (height < 0.6)
    middle = (brain[:, 1] > np.quantile(brain[:, 1], 0.15)) & (brain[:, 1] < np.quantile(brain[:, 1], 0.55))
    temporal = middle & (lateral > 35) & (height > 0.12) & (height < 0.42)
    among = brain[frontal if front else temporal]
    among = among if len(among) else brain
    return among[rng.integers(len(among))]


def _blob(site: LesionSite, rng: np.random.Generator, centre: np.ndarray, dense_hu: float) -> Lesion | None:
    """Plan one small clot of uneven density within `_SPREAD_MM` of a centre."""
    radius_mm = float(np.exp(rng.uniform(np.log(2), np.log(11))))
    place = np.rint(centre + rng.normal(0, 0.5 * _SPREAD_MM, 3) / site.spacing_mm).astype(int)
    place = np.clip(place, 0, np.array(site.anatomy.brain.shape) - 1)
    rim_mm = rng.uniform(2, 9)
    box = site.around(place, (1.6 * radius_mm + rim_mm,) * 3)
    dz, dy, dx = site.offsets_mm(place, box)
    stretch = np.exp(rng.uniform(-0.35, 0.35, 2))
    distance = np.sqrt(dz**2 + (dy * stretch[0]) ** 2 + (dx * stretch[1]) ** 2)
    shape = distance.shape
    score = radius_mm - distance + 0.3 * radius_mm * smooth_noise(rng, shape, site.spacing_mm, max(radius_mm, 4))
    tissue = site.anatomy.intracranial[box] & ~site.anatomy.ventricles[box] & (site.depth_mm[box] > 0.8)
    coverage = coverage_above(score.astype(np.float32), 0.0) * tissue
    if not (coverage >= 0.5).any():
        return None
    speckled = rng.uniform(1, 8) * smooth_noise(rng, shape, site.spacing_mm, rng.uniform(3, 8))
    contrast = np.maximum(dense_hu * rng.uniform(0.7, 1.1) + speckled, 4)
    edema = np.clip(1 + score / rim_mm, 0, 1) * site.anatomy.brain[box] * rng.uniform(0.4, 1)
    return Lesion(
        Subtype.IPH,
        box,
        coverage.astype(np.float32),
        contrast.astype(np.float32),
        push_mm=0.25 * radius_mm,
        edema=edema.astype(np.float32),
    ).trimmed()
