# SPDX-License-Identifier: Apache-2.0
"""Paint findings that mimic hemorrhage into a head CT."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.mimics import artefacts, bright_anatomy, further

Painter = Callable[[np.ndarray, LesionSite, np.random.Generator], None]

MIMICS: dict[str, tuple[Painter, float]] = {
    "choroid_plexus": (bright_anatomy.choroid_plexus, 0.35),
    "pineal": (bright_anatomy.pineal, 0.3),
    "basal_ganglia": (bright_anatomy.basal_ganglia, 0.12),
    "falx": (bright_anatomy.falx, 0.3),
    "tentorium": (bright_anatomy.tentorium, 0.25),
    "venous_sinus": (bright_anatomy.venous_sinus, 0.25),
    "vessel": (bright_anatomy.vessel, 0.15),
    "beam_hardening": (artefacts.beam_hardening, 0.3),
    "streaks": (artefacts.streaks, 0.15),
    "metal": (artefacts.metal, 0.04),
    "vertex_partial_volume": (artefacts.vertex_partial_volume, 0.25),
    "motion": (artefacts.motion, 0.1),
}
"""Painter of each mimic and its probability when no kinds are given."""

FURTHER_MIMICS: dict[str, Painter] = {
    "pallidal_calcification": further.pallidal_calcification,
    "dense_veins": further.dense_veins,
    "bright_cortex": further.bright_cortex,
    "thick_frontal_bone": further.thick_frontal_bone,
    "sharp_kernel": further.sharp_kernel,
    "contrast": further.contrast,
}
"""Mimics that are painted only where their key is given, so that random draws from `MIMICS` stay what they were."""

_RANDOM_COUNT = 3


def random_mimics(rng: np.random.Generator) -> list[str]:
    """Draw three different keys of `MIMICS` with equal probability, so rare ones are overrepresented."""
    return [str(kind) for kind in rng.choice(list(MIMICS), size=_RANDOM_COUNT, replace=False)]


def random_further_mimics(rng: np.random.Generator) -> list[str]:
    """Draw one or two keys of `FURTHER_MIMICS` and one of `MIMICS`."""
    further_kinds = rng.choice(list(FURTHER_MIMICS), size=int(rng.integers(1, 3)), replace=False)
    return [*map(str, further_kinds), str(rng.choice(list(MIMICS)))]


def paint_mimics(
    hu: np.ndarray,
    anatomy: Anatomy | LesionSite,
    rng: np.random.Generator,
    kinds: Collection[str] | None = None,
) -> np.ndarray:
    """Paint bright anatomy and artefacts into a scan; labels do not change.

    Parameters
    ----------
    hu : numpy.ndarray
        float32 (slices, rows, columns), axes as `paint_lesions` takes them.
    anatomy : Anatomy or LesionSite
    rng : numpy.random.Generator
    kinds : collection of str, optional
        Keys of `MIMICS` and `FURTHER_MIMICS` to paint. By default each of `MIMICS` is painted with its own
        probability.

    Returns
    -------
    numpy.ndarray
        float32, a new array.
    """
    site = anatomy if isinstance(anatomy, LesionSite) else LesionSite(anatomy)
    painted = hu.astype(np.float32, copy=True)
    if site.is_empty:
        return painted
    for name, (paint, probability) in MIMICS.items():
        if name in kinds if kinds is not None else rng.random() < probability:
            paint(painted[site.box], site, rng)
    for name, paint in FURTHER_MIMICS.items():
        if kinds is not None and name in kinds:
            paint(painted[site.box], site, rng)
    return painted
