# SPDX-License-Identifier: Apache-2.0
"""A scan and its labels while lesions are added to it."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.blending import HostGreys, blend_lesion
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion
from ICHSegmentationLib.research.simulation.lesions.mass_effect import Displacement


class Canvas:
    """HU and labels of a site, modified in place while lesions are added."""

    def __init__(self, site: LesionSite, hu: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> None:
        self.hu, self.truth = hu, truth
        self.greys = HostGreys.measure(hu, site)
        self._site, self._rng = site, rng
        self._blur_pixels = float(rng.uniform(0.4, 0.8))
        self._room = (truth == 0).astype(np.float32)

    def deform(self, displacement: Displacement) -> None:
        """Displace the brain and the labels of the host scan."""
        cavity = self._site.cavity
        # Keep bone from being displaced with the adjacent brain.
        soft = np.where(cavity, self.hu, np.float32(self.greys.brain_hu))
        self.hu[...] = np.where(cavity, displacement.warp(soft), self.hu)
        self.truth[...] = displacement.warp_labels(self.truth)
        self._room = (self.truth == 0).astype(np.float32)

    def add(self, lesion: Lesion | None) -> None:
        """Blend and label a lesion without changing earlier lesions."""
        if lesion is None:
            return
        blend_lesion(self.hu, lesion, self._room, self._site.cavity, self.greys, self._blur_pixels, self._rng)
        truth = self.truth[lesion.box]
        truth[(lesion.coverage >= 0.5) & (truth == 0)] = lesion.subtype
        self._room[lesion.box] *= 1 - lesion.coverage
