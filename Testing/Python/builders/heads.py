# SPDX-License-Identifier: Apache-2.0
"""A head of spheres with known masks, generated in milliseconds."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.research.simulation.anatomy import Anatomy, DeepRegion

SPACING_MM = (5.0, 1.5, 1.5)
BRAIN_HU, FLUID_HU, BONE_HU = 33.0, 8.0, 1000.0


def ball_head(
    *, noise_hu: float = 3.0, spacing_mm: tuple[float, float, float] = SPACING_MM
) -> tuple[np.ndarray, Anatomy]:
    """Return a skull of 68-74 mm radius with CSF below it and in a fissure, two ventricles and deep regions."""
    shape = tuple(round(160 / step) for step in spacing_mm)
    z, y, x = np.meshgrid(
        *[(np.arange(n, dtype=np.float32) - (n - 1) / 2) * s for n, s in zip(shape, spacing_mm, strict=True)],
        indexing="ij",
    )
    radius = np.sqrt(x**2 + y**2 + z**2)
    intracranial = radius < 68
    skull = (radius < 74) & ~intracranial
    ventricles = ((np.abs(x) - 12) / 7) ** 2 + (y / 28) ** 2 + (z / 14) ** 2 < 1
    fissure = (np.abs(y) < 2.5) & (np.abs(x) > 30)
    csf = intracranial & ((radius > 64) | fissure) & ~ventricles
    brain = intracranial & ~csf & ~ventricles
    deep = np.zeros(shape, dtype=np.uint8)
    deep[brain] = DeepRegion.LOBAR_WHITE_MATTER
    deep[brain & (np.abs(x) > 19) & (np.abs(x) < 35) & (np.abs(y) < 25) & (np.abs(z) < 20)] = DeepRegion.BASAL_GANGLIA
    deep[brain & (z < -30) & (y > 0)] = DeepRegion.CEREBELLUM
    hu = np.full(shape, -1000, dtype=np.float32)
    hu[skull], hu[brain], hu[csf | ventricles] = BONE_HU, BRAIN_HU, FLUID_HU
    hu[intracranial] += noise_hu * np.random.default_rng(0).standard_normal(int(intracranial.sum()), dtype=np.float32)
    return hu, Anatomy(skull, intracranial, brain, csf, ventricles, deep, x, spacing_mm)
