# SPDX-License-Identifier: Apache-2.0
"""A planned lesion."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.lesion_site import Box


@dataclass(frozen=True)
class Lesion:
    """A planned lesion on a box of a site.

    Attributes
    ----------
    subtype : Subtype
    box : tuple of slice
        Position in the site.
    coverage : numpy.ndarray
        float32 fraction of each voxel that the lesion covers, on the box.
    contrast_hu : numpy.ndarray
        float32, HU above brain, on the box.
    push_mm : float
        Maximum displacement of the adjacent brain, 0 for a lesion that fills an existing space.
    edema : numpy.ndarray, optional
        float32, 0-1, strength of the edema around it, on the box.
    """

    subtype: Subtype
    box: Box
    coverage: np.ndarray
    contrast_hu: np.ndarray
    push_mm: float = 0.0
    edema: np.ndarray | None = None

    def trimmed(self, margin: int = 4) -> Lesion:
        """Return the lesion on the smallest box that holds it and its edema, with an in-plane margin for blur."""
        touched = self.coverage > 0 if self.edema is None else (self.coverage > 0) | (self.edema > 0)
        if not touched.any():
            return self
        inner = []
        for axis in range(3):
            used = np.flatnonzero(touched.any(axis=tuple(other for other in range(3) if other != axis)))
            room = 0 if axis == 0 else margin
            inner.append(slice(max(int(used[0]) - room, 0), min(int(used[-1]) + room + 1, touched.shape[axis])))
        cut = (inner[0], inner[1], inner[2])
        first, second, third = (
            slice(outer.start + part.start, outer.start + part.stop) for outer, part in zip(self.box, cut, strict=True)
        )
        return replace(
            self,
            box=(first, second, third),
            coverage=self.coverage[cut],
            contrast_hu=self.contrast_hu[cut],
            edema=None if self.edema is None else self.edema[cut],
        )
