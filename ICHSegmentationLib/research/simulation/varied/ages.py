# SPDX-License-Identifier: Apache-2.0
"""Density of collections of all ages, in HU above brain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.special import expit

from ICHSegmentationLib.research.simulation.fields import smooth_noise
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_BRAIN_HU = 33.0
_ACUTE_HU = (50.0, 75.0)
_ISODENSE_HU = (28.0, 45.0)
_CHRONIC_HU = (10.0, 28.0)

SUBDURAL_AGES = {
    "acute": 0.36,
    "swirl": 0.10,
    "isodense": 0.12,
    "chronic": 0.12,
    "mixed": 0.12,
    "level": 0.12,
    "septa": 0.06,
}
"""Probability of each age of a subdural collection."""
EPIDURAL_AGES = {"acute": 0.6, "swirl": 0.34, "level": 0.06}
CLOT_AGES = {"acute": 0.5, "swirl": 0.15, "level": 0.15, "lysis": 0.2}


def drawn_age(rng: np.random.Generator, ages: Mapping[str, float]) -> str:
    """Draw an age by its probability."""
    return str(rng.choice(list(ages), p=np.array(list(ages.values()))))


def with_age(lesion: Lesion, site: LesionSite, rng: np.random.Generator, age: str) -> Lesion:
    """Return a lesion with the density of an age.

    Parameters
    ----------
    lesion : Lesion
        Its coverage places fluid levels and the rim.
    site : LesionSite
    rng : numpy.random.Generator
    age : str
        ``acute``, ``isodense``, ``chronic`` (10-28 HU); ``mixed`` and ``swirl`` (acute and older or liquid blood side
        by side), ``level`` (cells settled below liquid), ``septa`` (dense membranes in a chronic collection), ``lysis``
        (liquid rim of a dense clot).
    """
    shape = lesion.coverage.shape
    acute, chronic = rng.uniform(*_ACUTE_HU), rng.uniform(*_CHRONIC_HU)

    def noise(low_mm: float, high_mm: float) -> np.ndarray:
        return smooth_noise(rng, shape, site.spacing_mm, rng.uniform(low_mm, high_mm))

    if age == "acute":
        hu = acute + rng.uniform(0.5, 4) * noise(4, 14)
    elif age == "isodense":
        hu = rng.uniform(*_ISODENSE_HU) + rng.uniform(0, 2) * noise(8, 20)
    elif age == "chronic":
        hu = chronic + rng.uniform(0, 2) * noise(10, 30)
    elif age == "swirl":
        liquid = expit(rng.uniform(4, 10) * (noise(5, 16) - rng.uniform(0, 1)))
        hu = acute - liquid * (acute - rng.uniform(*_ISODENSE_HU)) + rng.uniform(0, 2) * noise(4, 10)
    elif age == "mixed":
        fresh = expit(rng.uniform(2, 6) * (noise(8, 30) + rng.uniform(-1, 0.7)))
        hu = chronic + fresh * (acute - chronic)
    elif age == "septa":
        membranes = np.exp(-((noise(12, 25) / rng.uniform(0.08, 0.2)) ** 2))
        hu = chronic + membranes * rng.uniform(15, 35)
    elif age == "lysis":
        # The mean coverage around a voxel falls from 1 inside to 0.5 at the border.
        hu = acute - (acute - rng.uniform(*_ISODENSE_HU)) * _near_border(lesion, site, rng.uniform(1.5, 4))
    else:
        hu = _level(lesion, site, rng, rng.uniform(45, 72), rng.uniform(12, 38))
    return replace(lesion, contrast_hu=np.asarray(hu - _BRAIN_HU, dtype=np.float32))


def _level(lesion: Lesion, site: LesionSite, rng: np.random.Generator, below_hu: float, above_hu: float) -> np.ndarray:
    """Return the density of a collection with a fluid level: in a supine patient, cells settle towards higher rows."""
    rows = np.nonzero(lesion.coverage >= 0.5)[1]
    level = float(np.quantile(rows, rng.uniform(0.3, 0.8))) if rows.size else 0.0
    behind_mm = ((np.arange(lesion.coverage.shape[1]) - level) * site.spacing_mm[1])[None, :, None]
    across_mm = (np.arange(lesion.coverage.shape[2]) * site.spacing_mm[2])[None, None, :]
    tilted_mm = behind_mm + rng.normal(0, 0.06) * (across_mm - across_mm.mean())
    settled = expit(tilted_mm / rng.uniform(0.4, 4))
    return np.broadcast_to(above_hu + (below_hu - above_hu) * settled, lesion.coverage.shape)


def _near_border(lesion: Lesion, site: LesionSite, reach_mm: float) -> np.ndarray:
    """Return 1 at the border of a lesion in plane, falling to 0 inside."""
    width = (0.0, reach_mm / site.spacing_mm[1], reach_mm / site.spacing_mm[2])
    mean = ndimage.gaussian_filter(lesion.coverage, width)
    return np.clip(2 - 2 * mean, 0, 1)
