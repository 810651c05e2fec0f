# SPDX-License-Identifier: Apache-2.0
"""Painting what fools a reader without being blood."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from ICHSegmentationLib.research.simulation.anatomy import Anatomy
from ICHSegmentationLib.research.simulation.lesions.site import LesionSite
from ICHSegmentationLib.research.simulation.mimics import artefacts
from ICHSegmentationLib.research.simulation.mimics import mimics as look_alikes

Distractor = Callable[[np.ndarray, LesionSite, np.random.Generator], None]

DISTRACTORS: dict[str, tuple[Distractor, float]] = {
    "choroid_plexus": (look_alikes.choroid_plexus, 0.35),
    "pineal": (look_alikes.pineal, 0.3),
    "basal_ganglia": (look_alikes.basal_ganglia, 0.12),
    "falx": (look_alikes.falx, 0.3),
    "tentorium": (look_alikes.tentorium, 0.25),
    "venous_sinus": (look_alikes.venous_sinus, 0.25),
    "vessel": (look_alikes.vessel, 0.15),
    "beam_hardening": (artefacts.beam_hardening, 0.3),
    "streaks": (artefacts.streaks, 0.15),
    "metal": (artefacts.metal, 0.04),
    "vertex_partial_volume": (artefacts.vertex_partial_volume, 0.25),
    "motion": (artefacts.motion, 0.1),
}
"""Name -> painter and how often it is painted where the kinds are not given."""

_RANDOM_KINDS = 3


def random_kinds(rng: np.random.Generator) -> list[str]:
    """Draw three different keys of `DISTRACTORS`, all alike; rare ones are seen more often than in life."""
    return [str(kind) for kind in rng.choice(list(DISTRACTORS), size=_RANDOM_KINDS, replace=False)]


def paint_distractors(
    hu: np.ndarray,
    anatomy: Anatomy | LesionSite,
    rng: np.random.Generator,
    kinds: Collection[str] | None = None,
) -> np.ndarray:
    """Paint bright anatomy and artefacts; the label map stays as it is.

    Parameters
    ----------
    hu : numpy.ndarray
        float32 (slices, rows, columns), axes as `paint_lesions` takes them.
    anatomy : Anatomy or LesionSite
    rng : numpy.random.Generator
    kinds : collection of str, optional
        Keys of `DISTRACTORS` to paint; each is drawn by its own frequency where not given.

    Returns
    -------
    numpy.ndarray
        float32, a new array.
    """
    site = anatomy if isinstance(anatomy, LesionSite) else LesionSite(anatomy)
    painted = hu.astype(np.float32, copy=True)
    if site.is_empty:
        return painted
    for name, (paint, frequency) in DISTRACTORS.items():
        if name in kinds if kinds is not None else rng.random() < frequency:
            paint(painted[site.box], site, rng)
    return painted
