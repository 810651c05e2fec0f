# SPDX-License-Identifier: Apache-2.0
"""Thin subarachnoid hemorrhage, and ventricular hemorrhage as sediment or cast."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.special import expit

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.fields import coverage_above, fluid_fraction, smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.densities import mottled
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.lesions.subarachnoid import plan_subarachnoid

_VENTRICULAR_HU = (4.0, 40.0)
"""Above brain: sediment in fluid is as dense as brain or little denser."""
SUBARACHNOID_PLACES = {"perimesencephalic": 0.2, "basal": 0.15, "sylvian": 0.2, "sulci": 0.35, "interhemispheric": 0.1}
VENTRICULAR_FORMS = {"sediment": 0.5, "third": 0.12, "fourth": 0.13, "cast": 0.25}


def plan_thin_subarachnoid(
    site: LesionSite, rng: np.random.Generator, hu: np.ndarray, csf: np.ndarray, *, brain_hu: float, fluid_hu: float
) -> Lesion | None:
    """Plan 0.1-10 mL of hemorrhage in one kind of place; see `plan_subarachnoid`."""
    csf = csf & ~_fourth_ventricle(site)
    indices = np.argwhere(csf)
    if not len(indices):
        return None
    place = str(rng.choice(list(SUBARACHNOID_PLACES), p=list(SUBARACHNOID_PLACES.values())))
    candidates = indices[_at(place, site, indices, float(rng.choice([-1, 1])))]
    if not len(candidates):
        candidates = indices
    first = candidates[rng.integers(len(candidates))]
    apart_mm = np.linalg.norm((candidates - first) * site.spacing_mm, axis=1)
    around = candidates[apart_mm < 35]
    seeds = around[rng.integers(len(around), size=int(rng.integers(1, 5)))]
    volume_ml = float(np.clip(1.5 * np.exp(1.1 * rng.standard_normal()), 0.1, 10))
    return plan_subarachnoid(
        site, rng, hu, csf, brain_hu=brain_hu, fluid_hu=fluid_hu, volume_ml=volume_ml, seeds=np.vstack([first, seeds])
    )


def plan_ventricular_form(
    site: LesionSite,
    rng: np.random.Generator,
    hu: np.ndarray,
    ventricles: np.ndarray,
    *,
    brain_hu: float,
    fluid_hu: float,
    form: str | None = None,
) -> Lesion | None:
    """Plan sediment of 1-8 mm in the posterior horns, clot in the third or fourth ventricle, or a cast.

    Parameters
    ----------
    site : LesionSite
    rng : numpy.random.Generator
    hu : numpy.ndarray
        float32, HU of the site.
    ventricles : numpy.ndarray
        bool (after displacement by other lesions).
    brain_hu, fluid_hu : float
        HU of brain and fluid in the host scan.
    form : str, optional
        Key of `VENTRICULAR_FORMS`; drawn by default.

    Returns
    -------
    Lesion or None
        None if the scan does not show such a ventricle.
    """
    form = str(rng.choice(list(VENTRICULAR_FORMS), p=list(VENTRICULAR_FORMS.values()))) if form is None else form
    ventricles = ventricles | _fourth_ventricle(site) if form == "fourth" else ventricles
    filled = ventricles | ndimage.binary_closing(ventricles, structure=np.ones((1, 3, 3)), iterations=2)
    midline = site.anatomy.midline_distance_mm
    central = np.abs(midline) < 8
    low = site.height_fraction[:, None, None] < 0.4
    if form == "fourth":
        domain = filled & central & _in_posterior_fossa(site)
    elif form == "third":
        domain = filled & (np.abs(midline) < 5) & ~_in_posterior_fossa(site) & low
    elif form == "cast":
        side = rng.choice([-1.0, 0.0, 1.0], p=[0.25, 0.5, 0.25])
        domain = filled & (side * midline > -4) & (site.height_fraction[:, None, None] > rng.uniform(0, 0.45))
    else:
        domain = filled & ~low
    if not domain.any():
        return None
    score_mm = _sediment(site, rng, domain) if form == "sediment" else _filling(site, rng, domain, form)
    fraction = fluid_fraction(hu, filled, brain_hu, fluid_hu) * domain
    coverage = coverage_above(score_mm, 0.0) * fraction
    coverage = np.where((score_mm >= 0) & (fraction >= 0.5), np.maximum(coverage, 0.5), np.minimum(coverage, 0.49))
    if not (coverage >= 0.5).any():
        return None
    contrast = mottled(rng, hu.shape, site.spacing_mm, rng.uniform(*_VENTRICULAR_HU), rng.uniform(0, 3))
    if form == "sediment":
        # Cells are densest at the bottom.
        contrast = contrast * np.float32(rng.uniform(0.4, 1)) ** (1 - expit(score_mm / 2))
    whole = site.around(np.array(hu.shape) // 2, (1e4,) * 3)
    return Lesion(Subtype.IVH, whole, coverage.astype(np.float32), contrast.astype(np.float32)).trimmed()


def _sediment(site: LesionSite, rng: np.random.Generator, domain: np.ndarray) -> np.ndarray:
    """Return the height in mm below a fluid level, which lies a few mm above the lowest point of each side."""
    rows_mm = (np.arange(domain.shape[1], dtype=np.float32) * site.spacing_mm[1])[None, :, None]
    midline = site.anatomy.midline_distance_mm
    score = np.full(domain.shape, -1e3, dtype=np.float32)
    both = rng.random() < 0.6
    first = rng.choice([-1.0, 1.0])
    for side in (first, -first) if both else (first,):
        own = domain & (side * midline > 0)
        if not own.any():
            continue
        lowest_mm = float(np.nonzero(own)[1].max() * site.spacing_mm[1])
        level_mm = lowest_mm - rng.uniform(1, 8)
        wavy = rng.uniform(0, 0.6) * smooth_noise(rng, domain.shape, site.spacing_mm, 12)
        tilted_mm = rows_mm + rng.normal(0, 0.05) * midline + wavy
        score = np.where(side * midline > 0, tilted_mm - level_mm, score)
    return score.astype(np.float32)


def _filling(site: LesionSite, rng: np.random.Generator, domain: np.ndarray, form: str) -> np.ndarray:
    """Return the closeness in mm to a point of the ventricle, within a radius."""
    where = np.argwhere(domain)
    seed = where[rng.integers(len(where))]
    reach_mm = rng.uniform(30, 120) if form == "cast" else rng.uniform(3, 25)
    dz, dy, dx = site.offsets_mm(seed, site.around(np.array(domain.shape) // 2, (1e4,) * 3))
    wavy = rng.uniform(0.5, 2) * smooth_noise(rng, domain.shape, site.spacing_mm, 10)
    return (reach_mm - np.sqrt(dz**2 + dy**2 + dx**2) + wavy).astype(np.float32)


def _fourth_ventricle(site: LesionSite) -> np.ndarray:
    """Return fluid at the midline between pons and cerebellum, which the mask of the ventricles often misses."""
    deep = site.anatomy.deep
    rows = np.arange(deep.shape[1])
    found = np.zeros_like(site.anatomy.csf)
    for index in np.flatnonzero((deep == DeepRegion.PONS).any(axis=(1, 2))):
        pons = np.nonzero(deep[index] == DeepRegion.PONS)[0]
        cerebellum = np.nonzero(deep[index] == DeepRegion.CEREBELLUM)[0]
        if cerebellum.size:
            found[index] = ((rows > pons.mean()) & (rows < cerebellum.mean()))[:, None]
    return found & (np.abs(site.anatomy.midline_distance_mm) < 10) & (site.anatomy.csf | site.anatomy.ventricles)


def _in_posterior_fossa(site: LesionSite) -> np.ndarray:
    """Return (slices, 1, 1) bool: slices with much of the cerebellum, below the tentorium."""
    cerebellum = (site.anatomy.deep == DeepRegion.CEREBELLUM).sum(axis=(1, 2))
    return (cerebellum > 0.3 * max(int(cerebellum.max()), 1))[:, None, None]


def _at(place: str, site: LesionSite, indices: np.ndarray, side: float) -> np.ndarray:
    """Return which voxels lie at a place."""
    at = tuple(indices.T)
    midline = site.anatomy.midline_distance_mm[at]
    lateral, own = np.abs(midline), side * midline > 0
    depth, height = site.depth_mm[at], site.height_fraction[indices[:, 0]]
    places = {
        "perimesencephalic": (lateral < 20) & (depth > 28) & (height > 0.2) & (height < 0.42),
        "basal": (lateral < 30) & (depth > 12) & (height > 0.1) & (height < 0.35),
        "sylvian": own & (lateral > 25) & (lateral < 60) & (depth > 5) & (height > 0.25) & (height < 0.65),
        "sulci": own & (depth < 22) & (lateral > 8) & (height > 0.4) & (height < 0.95),
        "interhemispheric": (lateral < 5) & (height > 0.4) & (height < 0.9),
    }
    return places[place]
