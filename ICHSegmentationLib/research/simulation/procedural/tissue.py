# SPDX-License-Identifier: Apache-2.0
"""HU of one plane of a head from the distance fields at its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from ICHSegmentationLib.research.simulation.anatomy import DeepRegion
from ICHSegmentationLib.research.simulation.procedural.traits import HeadTraits

Plane = np.ndarray

AIR_HU = -1000.0
_FAT_HU = -95.0
_SKIN_HU = 40.0
_MUSCLE_HU = 55.0
_TABLE_HU = 1350.0
_DIPLOE_HU = 550.0
_DURA_HU = 56.0
_EYE_HU = 12.0
_FALX_MM = 1.1
_TENTORIUM_MM = 1.4
_CORTEX_MM = 2.6


@dataclass(frozen=True)
class Fractions:
    """Tissue fractions of each pixel, 0 to 1; `grey` is the fraction of grey matter in the parenchyma."""

    inside: Plane
    csf: Plane
    ventricles: Plane
    dura: Plane
    grey: Plane


@dataclass(frozen=True)
class Tissue:
    """Conversion of distance fields (attributes of `at`, see the field classes) to tissue fractions and HU.

    Attributes
    ----------
    traits : HeadTraits
        Widths and densities of this head.
    pixel_mm, plane_mm : float
        In-plane and through-plane size over which edges and thin sheets are blurred.
    """

    traits: HeadTraits
    pixel_mm: float
    plane_mm: float

    def soft(self, distance: Plane) -> Plane:
        """Return the fraction of each pixel inside a shape."""
        return np.clip(0.5 - distance / np.float32(max(self.pixel_mm, 0.6)), 0, 1)

    def fractions(self, at: SimpleNamespace) -> Fractions:
        """Return the tissue fractions inside the skull."""
        liquid = self._cortical_csf(at)
        infratentorial = np.minimum(at.cerebellum, at.stem) <= 0
        liquid = np.where(infratentorial, np.float32(3), liquid)
        falx = np.maximum(np.abs(at.midline) - _FALX_MM / 2, at.falx_reach)
        dura = np.maximum(self.soft(np.minimum(falx, at.sinus)), self._tentorium(at))
        cortex = np.minimum(np.minimum(liquid, at.basal_ganglia), at.thalamus) - _CORTEX_MM
        return Fractions(
            inside=self.soft(at.inner),
            csf=self.soft(np.minimum(liquid, at.cisterns)),
            ventricles=self.soft(at.ventricles),
            dura=dura,
            grey=np.where(infratentorial, np.float32(0.35), self.soft(cortex / 2)),
        )

    def hu(self, at: SimpleNamespace, fractions: Fractions, backdrop: Plane) -> Plane:
        """Return the plane in HU; `backdrop` is the HU behind the head."""
        bone, air = self.soft(at.bone), self.soft(at.air) * (at.inner > 0) * self.soft(at.skin)
        image = _mix(self._outside(at, backdrop), self._bone(at), bone)
        image = _mix(image, AIR_HU, air)
        return _mix(image, self._inside(at, fractions), fractions.inside)

    def deep(self, at: SimpleNamespace, fractions: Fractions) -> Plane:
        """Return `DeepRegion` codes."""
        code = np.where((fractions.grey < 0.5) & (at.inner < -6), DeepRegion.LOBAR_WHITE_MATTER, DeepRegion.UNKNOWN)
        code = np.where(at.basal_ganglia < 0, DeepRegion.BASAL_GANGLIA, code)
        code = np.where(at.thalamus < 0, DeepRegion.THALAMUS, code)
        code = np.where(at.cerebellum < 0, DeepRegion.CEREBELLUM, code)
        return np.where(at.stem < 0, DeepRegion.PONS, code).astype(np.uint8)

    def _cortical_csf(self, at: SimpleNamespace) -> Plane:
        width = self.traits.sulcus_mm * at.widening
        depth = -at.inner - at.subarachnoid_mm
        wall = np.abs(at.sulcus) - width * (1.15 - 0.02 * depth)
        sulcus = np.maximum(wall, (depth - at.sulcus_depth) * 0.6)
        branch = np.maximum(np.abs(at.twig) - 0.7 * width, (depth - 0.45 * at.sulcus_depth) * 0.6)
        gap = 0.3 + 0.75 * width * np.clip(1 + 0.6 * at.bundles, 0, 2)
        fissure = np.maximum(np.abs(at.midline) - gap, at.fissure_reach)
        # The Sylvian fissure closes towards its edges.
        opening = (0.5 + 1.2 * width) * np.clip(-at.sylvian_reach / 6, 0, 1)
        sylvian = np.maximum(np.abs(at.sylvian) - opening, at.sylvian_reach)
        return np.minimum(np.minimum(np.minimum(sulcus, branch), np.minimum(fissure, sylvian)), depth)

    def _tentorium(self, at: SimpleNamespace) -> Plane:
        # The sheet is nearly parallel to the planes and thinner than them, so it appears broad and faint.
        half = max(_TENTORIUM_MM / 2, 0.42 * self.plane_mm)
        return self.soft(np.maximum(np.abs(at.tentorium) - half, at.tentorium_reach)) * (_TENTORIUM_MM / 2 / half)

    def _inside(self, at: SimpleNamespace, fractions: Fractions) -> Plane:
        traits = self.traits
        image = traits.white_hu + np.clip(at.white_matter, -12, 2) * (1 - fractions.grey)
        image = image + (traits.grey_hu - traits.white_hu) * fractions.grey + 0.7 * at.marbling
        # Cerebellar folia: fine furrows parallel to the surface.
        furrow = np.cos((at.inner + 2.5 * at.bundles) * (2 * np.pi / 5.5)) ** 4 * self.soft(at.cerebellum + 1)
        image -= (1.5 + 5 * traits.atrophy) * furrow * np.clip(1.6 + at.inner / 12, 0, 1)
        image = _mix(image, traits.csf_hu + 2, fractions.csf)
        image = _mix(image, traits.csf_hu, fractions.ventricles)
        image = _mix(image, _DURA_HU, fractions.dura)
        return _mix(image, traits.calcium_hu, self.soft(at.calcification))

    @staticmethod
    def _bone(at: SimpleNamespace) -> Plane:
        # Dense tables with less dense diploe between them; thin bone has no diploe.
        place = np.clip(at.inner / at.thickness, 0, 1)
        diploe = np.clip(1 - np.abs(place - 0.5) * 4, 0, 1) * np.clip(at.thickness - 3.5, 0, 2) / 2
        diploe = np.where(at.inner > at.thickness, np.float32(0.45), diploe)
        return _TABLE_HU - (_TABLE_HU - _DIPLOE_HU) * diploe + 90 * at.marbling + 60 * at.fine_marbling

    def _outside(self, at: SimpleNamespace, backdrop: Plane) -> Plane:
        temporalis = np.clip(2.5 * at.muscle - 0.8 + 0.4 * at.fine_marbling, 0, 1)
        # Below the skull base: muscles separated by fat.
        bundles = self.soft(10 - at.inner) * self.soft(at.skin + 7) * np.clip(2.2 * np.abs(at.bundles) - 0.25, 0, 1)
        tissue = _FAT_HU + (_MUSCLE_HU - _FAT_HU) * np.maximum(temporalis, bundles)
        tissue = _mix(tissue, _EYE_HU, self.soft(at.eyes))
        tissue = _mix(tissue, _EYE_HU + 35, self.soft(np.abs(at.eyes) - 0.8))
        tissue = _mix(tissue, _SKIN_HU, self.soft(np.abs(at.skin + 1) - 1))
        return _mix(backdrop, tissue, self.soft(at.skin))


def _mix(image: Plane, value: Plane | float, fraction: Plane) -> Plane:
    return image + (value - image) * fraction
