# SPDX-License-Identifier: Apache-2.0
"""One lesion, planned but not yet painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.simulation.lesions.site import Box
from ICHSegmentationLib.subtypes import Subtype


@dataclass(frozen=True)
class Lesion:
    """A lesion on a box of a site.

    Attributes
    ----------
    subtype : Subtype
    box : tuple of slice
        Where it lies in the site.
    coverage : numpy.ndarray
        float32 fraction of each voxel that it takes, on the box.
    contrast_hu : numpy.ndarray
        float32, density above brain, on the box or one number.
    push_mm : float
        How far it moves the brain beside it at most, 0 for a lesion that fills a given space.
    edema : numpy.ndarray, optional
        float32, 0-1, strength of the edema around it, on the box.
    """

    subtype: Subtype
    box: Box
    coverage: np.ndarray
    contrast_hu: np.ndarray
    push_mm: float = 0.0
    edema: np.ndarray | None = None
