# SPDX-License-Identifier: Apache-2.0
"""Blood in the subarachnoid space: cisterns, Sylvian fissures, sulci."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.simulation.lesions.densities import SUBARACHNOID_HU, mottled
from ICHSegmentationLib.simulation.lesions.fields import fluid_share, level_for_voxels, smooth_noise
from ICHSegmentationLib.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.simulation.lesions.site import LesionSite
from ICHSegmentationLib.subtypes import Subtype

_SOFTNESS = 0.35
"""How gradually the blood thins out at its border, in units of the regional weight."""


def plan_subarachnoid(
    site: LesionSite,
    rng: np.random.Generator,
    hu: np.ndarray,
    csf: np.ndarray,
    *,
    brain_hu: float,
    fluid_hu: float,
    volume_ml: float | None = None,
) -> Lesion | None:
    """Fill the fluid spaces around a few places.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    hu : numpy.ndarray
        float32, the site's greys; they tell the share of fluid in a voxel, because sulci are thinner than voxels.
    csf : numpy.ndarray
        bool, sulci, fissures and cisterns (after the deformation by other lesions).
    brain_hu, fluid_hu : float
        The host's greys of brain and fluid.
    volume_ml : float, optional
        Drawn from 0.5-40 mL where not given.

    Returns
    -------
    Lesion or None
        None where no fluid space is known.
    """
    seeds = _seeds(site, rng, csf)
    if not len(seeds):
        return None
    volume = volume_ml if volume_ml is not None else float(np.clip(6 * np.exp(rng.standard_normal()), 0.5, 40))
    share = fluid_share(hu, csf, brain_hu, fluid_hu)
    box = site.around(seeds[0], (1e4,) * 3)
    spread_mm = rng.uniform(12, 40, len(seeds))
    weight = np.full(csf.shape, -np.inf, dtype=np.float32)
    for seed, spread in zip(seeds, spread_mm, strict=True):
        dz, dy, dx = site.offsets_mm(seed, box)
        # Blood spreads further along a sheet of fluid than across slices that miss it.
        weight = np.maximum(weight, -np.sqrt((dz * 1.3) ** 2 + dy**2 + dx**2) / np.float32(spread))
    weight = weight + np.float32(0.25) * smooth_noise(rng, csf.shape, site.spacing_mm, 14)
    level = level_for_voxels(weight, share >= 0.5, volume / site.voxel_ml)
    if level is None:
        return None
    # Kept at 1 inside the level so that the labelled voxels are those with half fluid or more.
    local = np.clip(1 + (weight - level) / _SOFTNESS, 0, 1)
    coverage = share * np.where(local >= 1, 1, 0.49 * local)
    contrast = mottled(rng, csf.shape, site.spacing_mm, rng.uniform(*SUBARACHNOID_HU), rng.uniform(1, 5))
    return Lesion(Subtype.SAH, box, coverage.astype(np.float32), contrast)


def _seeds(site: LesionSite, rng: np.random.Generator, csf: np.ndarray) -> np.ndarray:
    """Places that the blood spreads from: basal cisterns, a Sylvian fissure, sulci of the convexity."""
    indices = np.argwhere(csf)
    if len(indices) == 0:
        return indices
    at = tuple(indices.T)
    lateral = np.abs(site.anatomy.midline_distance_mm[at])
    depth, height = site.depth_mm[at], site.height_fraction[indices[:, 0]]
    places = {
        "cisterns": (lateral < 25) & (depth > 15) & (height > 0.1) & (height < 0.5),
        "sylvian": (lateral > 25) & (lateral < 60) & (depth > 6) & (height > 0.25) & (height < 0.7),
        "convexity": (depth < 20) & (height > 0.4) & (height < 0.95),
    }
    pattern = rng.choice(["aneurysm", "cisterns", "sylvian", "convexity", "scattered"], p=[0.3, 0.1, 0.2, 0.2, 0.2])
    wanted = {
        "aneurysm": ["cisterns", "sylvian", "sylvian"],
        "scattered": ["convexity"] * int(rng.integers(2, 6)),
    }.get(str(pattern), [str(pattern)])
    chosen = []
    for place in wanted:
        candidates = np.flatnonzero(places[place])
        chosen.append(indices[rng.choice(candidates) if candidates.size else rng.integers(len(indices))])
    return np.array(chosen)
