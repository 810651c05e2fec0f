# SPDX-License-Identifier: Apache-2.0
"""Subdural hemorrhage along the dural folds: falx and tentorium."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.fields import smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.densities import ACUTE_HU, mottled
from ICHSegmentationLib.research.simulation.lesions.layer import drawn_volume, layer_lesion
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_DEEPEST_MM = 45.0
_OFF_BASE_MM = 10.0


def plan_falcine(site: LesionSite, rng: np.random.Generator, volume_ml: float | None) -> Lesion | None:
    """Plan a thin band on one side of the falx, in the upper half of the head."""
    midline = site.anatomy.midline_distance_mm
    upper = site.height_fraction[:, None, None] > 0.45
    candidates = np.argwhere(site.cavity & (np.abs(midline) < 3) & (site.depth_mm < 15) & upper)
    if candidates.size == 0:
        return None
    volume = volume_ml if volume_ml is not None else drawn_volume(rng, 1, 12, median=4)
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
    return layer_lesion(site, Subtype.SDH, box, score, domain, volume, contrast, 0.3 * thickness_mm)


def plan_tentorial(site: LesionSite, rng: np.random.Generator, volume_ml: float | None) -> Lesion | None:
    """Plan a thin layer on one half of the tentorium, located just above the cerebellum."""
    cerebellum = site.anatomy.deep == DeepRegion.CEREBELLUM
    side = rng.choice([-1.0, 1.0])
    half = cerebellum & (side * site.anatomy.midline_distance_mm > 4)
    # The roof of the cerebellum: no cerebellum in the slice above.
    roof = half & ~np.concatenate([cerebellum[1:], np.zeros_like(cerebellum[:1])])
    candidates = np.argwhere(roof & (site.depth_mm > _OFF_BASE_MM))
    if len(candidates) == 0:
        return None
    volume = volume_ml if volume_ml is not None else drawn_volume(rng, 1, 12, median=4)
    centre = candidates[rng.integers(len(candidates))]
    thickness_mm = rng.uniform(3, 6)
    radius_mm = float(np.clip(np.sqrt(volume * 1000 / (1.5 * thickness_mm)), 10, 50))
    box = site.around(centre, (1.2 * radius_mm, 1.6 * radius_mm, 1.6 * radius_mm))
    dz, dy, dx = site.offsets_mm(centre, box)
    run = np.sqrt(dz**2 + dy**2 + dx**2) / radius_mm
    above_mm = ndimage.distance_transform_edt(~cerebellum[box], sampling=site.spacing_mm).astype(np.float32)
    wavy = 1 + 0.25 * smooth_noise(rng, above_mm.shape, site.spacing_mm, 15)
    score = (1 - run**3 - above_mm / (thickness_mm * np.clip(wavy, 0.4, 1.6))).astype(np.float32)
    stem = site.anatomy.deep[box] == DeepRegion.PONS
    own_side = side * site.anatomy.midline_distance_mm[box] > 2
    domain = site.cavity[box] & ~cerebellum[box] & ~stem & own_side
    contrast = mottled(rng, score.shape, site.spacing_mm, rng.uniform(*ACUTE_HU), rng.uniform(0.5, 3))
    return layer_lesion(site, Subtype.SDH, box, score, domain, volume, contrast, 0.3 * thickness_mm)
