# SPDX-License-Identifier: Apache-2.0
"""What all layers of blood on the dura share."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.fields import coverage_above, level_for_voxels
from ICHSegmentationLib.research.simulation.lesion_site import Box, LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_PRUNINGS = 2


def drawn_volume(rng: np.random.Generator, low: float, high: float, *, median: float) -> float:
    """Log-normal volume in mL, cut to a range."""
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
    """Cut a field at the level that holds the volume; its largest piece is the lesion."""
    voxels = volume_ml / site.voxel_ml
    for _ in range(_PRUNINGS):
        level = level_for_voxels(score, domain, voxels)
        if level is None:
            return None
        pieces, count = ndimage.label((score >= level) & domain)
        if count == 1:
            break
        # Ridges of bone and roughness cut slivers off, which no reader would take for this bleed.
        largest = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
        domain = domain & ((pieces == 0) | largest)
    level = level_for_voxels(score, domain, voxels)
    if level is None:
        return None
    coverage = coverage_above(score, level) * domain
    return Lesion(subtype, box, coverage, contrast, push_mm=push_mm)
