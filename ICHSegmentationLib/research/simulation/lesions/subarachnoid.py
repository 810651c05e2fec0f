# SPDX-License-Identifier: Apache-2.0
"""Blood in the subarachnoid space: cisterns, Sylvian fissures, sulci."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import fluid_share, level_for_voxels, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.densities import SUBARACHNOID_HU, mottled
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_SULCUS_MM = 5.0
_SULCI_END_MM = 24.0
_SHALLOW_HU, _DEEP_HU = 3.0, 6.0
# At least so many pixels, and as many mm: fine pixels have more noise, which must not show as sulci.
_SPECK_PIXELS, _SPECK_MM2 = 5, 3.2
_SMOOTHING_PIXELS, _SMOOTHING_MM = 0.8, 0.64
_ABOVE_CISTERNS = 0.4
_FISSURE_MM = 6.0
"""Half the width of the interhemispheric fissure with the sulci that open into it."""
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
    csf = csf & ~_missed_ventricle(site)
    seeds = _seeds(site, rng, csf)
    if not len(seeds):
        return None
    volume = volume_ml if volume_ml is not None else float(np.clip(6 * np.exp(rng.standard_normal()), 0.5, 40))
    share = np.maximum(fluid_share(hu, csf, brain_hu, fluid_hu), _sulci(site, hu))
    box = site.around(seeds[0], (1e4,) * 3)
    spread_mm = rng.uniform(12, 40, len(seeds))
    weight: np.ndarray = np.full(csf.shape, -np.inf, dtype=np.float32)
    for seed, spread in zip(seeds, spread_mm, strict=True):
        dz, dy, dx = site.offsets_mm(seed, box)
        # Blood spreads further along a sheet of fluid than across slices that miss it.
        weight = np.maximum(weight, -np.sqrt((dz * 1.3) ** 2 + dy**2 + dx**2) / np.float32(spread))
    weight = weight + np.float32(0.25) * smooth_noise(rng, csf.shape, site.spacing_mm, 14)
    level = level_for_voxels(weight, share >= 0.5, volume / site.voxel_ml)
    if level is None:
        return None
    inside = _without_islands(site, (weight >= level) & (share >= 0.5))
    fading = np.clip(1 + (weight - level) / _SOFTNESS, 0, 1)
    # Only what is labelled holds half or more of blood.
    coverage = np.where(inside, share, np.minimum(share * fading, 0.49))
    contrast = mottled(rng, csf.shape, site.spacing_mm, rng.uniform(*SUBARACHNOID_HU), rng.uniform(1, 5))
    # Blood is thickest where it came from.
    contrast = contrast * np.float32(rng.uniform(0.6, 1)) ** np.clip(1 - (weight - level), 0, 2)
    return Lesion(Subtype.SAH, box, coverage.astype(np.float32), contrast)


def _sulci(site: LesionSite, hu: np.ndarray) -> np.ndarray:
    """Share of fluid in sulci that are too thin for a threshold: dark lines near the surface of the brain."""
    smooth = ndimage.gaussian_filter(
        hu, (0, *(max(_SMOOTHING_PIXELS, _SMOOTHING_MM / step) for step in site.spacing_mm[1:]))
    )
    across = tuple(2 * round(_SULCUS_MM / (2 * step)) + 1 for step in site.spacing_mm[1:])
    valley = ndimage.grey_closing(smooth, size=(1, *across)) - smooth
    near_surface = site.anatomy.intracranial & (site.depth_mm < _SULCI_END_MM) & (site.depth_mm > 1)
    return np.where(near_surface, np.clip((valley - _SHALLOW_HU) / _DEEP_HU, 0, 1), 0).astype(np.float32)


def _missed_ventricle(site: LesionSite) -> np.ndarray:
    """Fluid deep in the cerebrum that hangs together with the ventricles: the rest of a partly found ventricle."""
    cerebral = site.height_fraction[:, None, None] > _ABOVE_CISTERNS
    deep = site.anatomy.csf & (site.depth_mm > _SULCI_END_MM) & cerebral
    ventricles = site.anatomy.ventricles
    return ndimage.binary_propagation(ventricles, mask=ventricles | deep) & ~ventricles


def _without_islands(site: LesionSite, mask: np.ndarray) -> np.ndarray:
    """Drop pieces of a slice that no reader would outline, and dark white matter, which no sulcus leads to."""
    plane = np.zeros((3, 3, 3), dtype=bool)
    plane[1] = True
    pieces, count = ndimage.label(mask, structure=plane)
    large = np.bincount(pieces.ravel(), minlength=count + 1) >= max(
        _SPECK_PIXELS, _SPECK_MM2 / (site.spacing_mm[1] * site.spacing_mm[2])
    )
    open_to = site.rim | (np.abs(site.anatomy.midline_distance_mm) < _FISSURE_MM)
    open_to |= (site.height_fraction < _ABOVE_CISTERNS)[:, None, None]
    reached = np.bincount(pieces[open_to], minlength=count + 1) > 0
    kept = large & reached
    kept[0] = False
    return kept[pieces]


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
