# SPDX-License-Identifier: Apache-2.0
"""Density of blood relative to brain, by age."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from ICHSegmentationLib.research.simulation.fields import smooth_noise

ACUTE_HU = (18.0, 42.0)
"""Clotted blood has 50-80 HU in the first days (depending on haematocrit), brain 30-37 HU."""
SUBACUTE_HU = (6.0, 18.0)
CHRONIC_HU = (-14.0, -4.0)
"""Hypodense part of an older collection, about 20-30 HU; lower values cannot be distinguished from atrophy."""
SUBARACHNOID_HU = (10.0, 35.0)


def mottled(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    spacing_mm: tuple[float, ...],
    mean_hu: float,
    mottle_hu: float,
) -> np.ndarray:
    """Return the contrast of a slightly inhomogeneous clot.

    Returns
    -------
    numpy.ndarray
        float32 of `shape`, HU above brain.
    """
    wavelength_mm = rng.uniform(4, 14)
    return np.float32(mean_hu) + np.float32(mottle_hu) * smooth_noise(rng, shape, spacing_mm, wavelength_mm)


def subdural_contrast(
    rng: np.random.Generator, shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> np.ndarray:
    """Draw the contrast of a subdural collection: acute, subacute, mixed, or chronic with a fluid level.

    Purely chronic collections are excluded, because a network trained on them segments the wide fluid spaces of
    atrophic brains.

    Returns
    -------
    numpy.ndarray
        float32 of `shape`, HU above brain.
    """
    age = rng.choice(["acute", "subacute", "mixed", "level"], p=[0.62, 0.08, 0.15, 0.15])
    if age in ("acute", "subacute"):
        limits = {"acute": ACUTE_HU, "subacute": SUBACUTE_HU}[str(age)]
        return mottled(rng, shape, spacing_mm, rng.uniform(*limits), rng.uniform(0.5, 4))
    dense, thin = rng.uniform(*ACUTE_HU), rng.uniform(*CHRONIC_HU)
    if age == "mixed":
        pattern = smooth_noise(rng, shape, spacing_mm, rng.uniform(8, 25))
        fraction = expit(4 * (pattern + rng.uniform(-0.3, 1.0)))
    else:
        # In a supine patient cells settle towards higher rows.
        rows_mm = (np.arange(shape[1]) * spacing_mm[1]).astype(np.float32)
        level_mm = rng.uniform(*np.quantile(rows_mm, [0.35, 0.7]))
        fraction = expit((rows_mm - level_mm) / rng.uniform(0.8, 5))[None, :, None]
    return (thin + (dense - thin) * fraction + mottled(rng, shape, spacing_mm, 0, 1.5)).astype(np.float32)
