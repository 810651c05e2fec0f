# SPDX-License-Identifier: Apache-2.0
"""Subarachnoid hemorrhage: cisterns, Sylvian fissures, sulci."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import fluid_fraction, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.densities import SUBARACHNOID_HU, mottled
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_SULCUS_MM = 5.0
_SULCI_END_MM = 24.0
_SHALLOW_HU, _DEEP_HU = 3.0, 6.0
# Minimum area in pixels and in mm2: fine pixels have more noise, which must not look like sulci.
_SPECK_PIXELS, _SPECK_MM2 = 5, 3.2
_SMOOTHING_PIXELS, _SMOOTHING_MM = 0.8, 0.64
_ABOVE_CISTERNS = 0.4
_FISSURE_MM = 6.0
"""Half the width of the interhemispheric fissure with the sulci that open into it."""
_SOFTNESS = 0.35
"""Width of the fading border, in units of the regional weight."""


def plan_subarachnoid(
    site: LesionSite,
    rng: np.random.Generator,
    hu: np.ndarray,
    csf: np.ndarray,
    *,
    brain_hu: float,
    fluid_hu: float,
    volume_ml: float | None = None,
    seeds: np.ndarray | None = None,
) -> Lesion | None:
    """Plan hemorrhage that fills the fluid spaces around a few seeds.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    hu : numpy.ndarray
        float32, HU of the site; they give the fluid fraction of voxels, because sulci are thinner than voxels.
    csf : numpy.ndarray
        bool, sulci, fissures and cisterns (after displacement by other lesions).
    brain_hu, fluid_hu : float
        HU of brain and fluid in the host scan.
    volume_ml : float, optional
        Drawn from 0.5-40 mL by default.
    seeds : numpy.ndarray, optional
        (N, 3) indices of fluid voxels; drawn by default.

    Returns
    -------
    Lesion or None
        None if there is no fluid space.
    """
    csf = csf & ~_missed_ventricle(site)
    if seeds is None:
        seeds = _seeds(site, rng, csf)
    if not len(seeds):
        return None
    volume = volume_ml if volume_ml is not None else float(np.clip(6 * np.exp(rng.standard_normal()), 0.5, 40))
    fraction = np.maximum(fluid_fraction(hu, csf, brain_hu, fluid_hu), _sulci(site, hu))
    box = site.around(seeds[0], (1e4,) * 3)
    spread_mm = rng.uniform(12, 40, len(seeds))
    weight: np.ndarray = np.full(csf.shape, -np.inf, dtype=np.float32)
    for seed, spread in zip(seeds, spread_mm, strict=True):
        dz, dy, dx = site.offsets_mm(seed, box)
        # Blood spreads farther in plane, along sheets of fluid, than across slices.
        weight = np.maximum(weight, -np.sqrt((dz * 1.3) ** 2 + dy**2 + dx**2) / np.float32(spread))
    weight = weight + np.float32(0.25) * smooth_noise(rng, csf.shape, site.spacing_mm, 14)
    level = site.level_for_volume(weight, fraction >= 0.5, volume)
    if level is None:
        return None
    inside = _without_islands(site, (weight >= level) & (fraction >= 0.5))
    fading = np.clip(1 + (weight - level) / _SOFTNESS, 0, 1)
    # Only labelled voxels may consist of hemorrhage by half or more.
    coverage = np.where(inside, fraction, np.minimum(fraction * fading, 0.49))
    contrast = mottled(rng, csf.shape, site.spacing_mm, rng.uniform(*SUBARACHNOID_HU), rng.uniform(1, 5))
    # Blood is densest near its source.
    contrast = contrast * np.float32(rng.uniform(0.6, 1)) ** np.clip(1 - (weight - level), 0, 2)
    return Lesion(Subtype.SAH, box, coverage.astype(np.float32), contrast)


def _sulci(site: LesionSite, hu: np.ndarray) -> np.ndarray:
    """Return the fluid fraction of sulci too thin for a threshold: dark lines near the surface of the brain."""
    smooth = ndimage.gaussian_filter(
        hu, (0, *(max(_SMOOTHING_PIXELS, _SMOOTHING_MM / step) for step in site.spacing_mm[1:]))
    )
    across = tuple(2 * round(_SULCUS_MM / (2 * step)) + 1 for step in site.spacing_mm[1:])
    valley = ndimage.grey_closing(smooth, size=(1, *across)) - smooth
    near_surface = site.anatomy.intracranial & (site.depth_mm < _SULCI_END_MM) & (site.depth_mm > 1)
    return np.where(near_surface, np.clip((valley - _SHALLOW_HU) / _DEEP_HU, 0, 1), 0).astype(np.float32)


def _missed_ventricle(site: LesionSite) -> np.ndarray:
    """Return deep cerebral fluid connected to the ventricles: the missing part of an incomplete ventricle mask."""
    cerebral = site.height_fraction[:, None, None] > _ABOVE_CISTERNS
    deep = site.anatomy.csf & (site.depth_mm > _SULCI_END_MM) & cerebral
    ventricles = site.anatomy.ventricles
    return ndimage.binary_propagation(ventricles, mask=ventricles | deep) & ~ventricles


def _without_islands(site: LesionSite, mask: np.ndarray) -> np.ndarray:
    """Drop tiny in-plane components, and dark white matter that is not connected to the surface."""
    plane = np.zeros((3, 3, 3), dtype=bool)
    plane[1] = True
    components, count = ndimage.label(mask, structure=plane)
    large = np.bincount(components.ravel(), minlength=count + 1) >= max(
        _SPECK_PIXELS, _SPECK_MM2 / (site.spacing_mm[1] * site.spacing_mm[2])
    )
    open_to = site.rim | (np.abs(site.anatomy.midline_distance_mm) < _FISSURE_MM)
    open_to |= (site.height_fraction < _ABOVE_CISTERNS)[:, None, None]
    reached = np.bincount(components[open_to], minlength=count + 1) > 0
    kept = large & reached
    kept[0] = False
    return kept[components]


def _seeds(site: LesionSite, rng: np.random.Generator, csf: np.ndarray) -> np.ndarray:
    """Draw seed voxels: basal cisterns, a Sylvian fissure, sulci of the convexity."""
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
