# SPDX-License-Identifier: Apache-2.0
"""Functions shared by all layers of hemorrhage on the dura."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import coverage_above
from ICHSegmentationLib.research.simulation.lesion_site import Box, LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_PRUNINGS = 2


def drawn_volume(rng: np.random.Generator, low: float, high: float, *, median: float) -> float:
    """Draw a log-normal volume in mL, clipped to a range."""
    return float(np.clip(median * np.exp(0.9 * rng.standard_normal()), low, high))


def layer_lesion(
    site: LesionSite,
    subtype: Subtype,
    box: Box,
    score: np.ndarray,
    domain: np.ndarray,
    volume_ml: float,
    contrast: np.ndarray,
    push_mm: float,
) -> Lesion | None:
    """Threshold a field at the level that gives the volume; the largest component is the lesion."""
    for _ in range(_PRUNINGS):
        level = site.level_for_volume(score, domain, volume_ml, box)
        if level is None:
            return None
        components, count = ndimage.label((score >= level) & domain)
        if count == 1:
            break
        # Drop slivers cut off by bone ridges and roughness; a radiologist would not count them to this lesion.
        largest = components == 1 + int(np.argmax(np.bincount(components.ravel())[1:]))
        domain = domain & ((components == 0) | largest)
    level = site.level_for_volume(score, domain, volume_ml, box)
    if level is None:
        return None
    coverage = coverage_above(score, level) * domain
    return Lesion(subtype, box, coverage, contrast, push_mm=push_mm)
