# SPDX-License-Identifier: Apache-2.0
"""How dense blood is above brain, by age."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.simulation.lesions.fields import smooth_noise

ACUTE_HU = (18.0, 42.0)
"""Clotted blood measures 50-80 HU in the first days, brain 30-37 (haematocrit sets the rest)."""
SUBACUTE_HU = (6.0, 18.0)
CHRONIC_HU = (-22.0, -2.0)
SUBARACHNOID_HU = (10.0, 35.0)


def mottled(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    spacing_mm: tuple[float, ...],
    mean_hu: float,
    mottle_hu: float,
) -> np.ndarray:
    """Contrast field of a clot that is not quite even.

    Returns
    -------
    numpy.ndarray
        float32 of `shape`, HU above brain.
    """
    wavelength_mm = rng.uniform(4, 14)
    return np.float32(mean_hu) + np.float32(mottle_hu) * smooth_noise(rng, shape, spacing_mm, wavelength_mm)
