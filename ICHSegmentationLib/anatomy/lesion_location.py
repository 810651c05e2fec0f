# SPDX-License-Identifier: Apache-2.0
"""Anatomical location of a lesion."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_LARGE_FRACTION = 0.25
Fraction = Annotated[float, Field(ge=0, le=1)]


class Side(StrEnum):
    """Side of the patient. A lesion on both sides is ``midline`` if it is near the midline, else ``bilateral``."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    BILATERAL = "bilateral"


class Compartment(StrEnum):
    """Above or below the tentorium. Few lesions cross it, so one that seems to is not determined."""

    SUPRATENTORIAL = "supratentorial"
    INFRATENTORIAL = "infratentorial"


class Region(StrEnum):
    """Lobe or deep location.

    ``basal ganglia`` includes the capsules and the deep white matter beside the lateral ventricles, as in ratings of
    hemorrhage (Charidimou A et al., The Cerebral Haemorrhage Anatomical RaTing inStrument (CHARTS): development
    and assessment of reliability, J Neurol Sci 2017;372:178-183).
    """

    FRONTAL = "frontal"
    PARIETAL = "parietal"
    TEMPORAL = "temporal"
    OCCIPITAL = "occipital"
    INSULA = "insula"
    BASAL_GANGLIA = "basal ganglia"
    THALAMUS = "thalamus"
    BRAIN_STEM = "brain stem"
    CEREBELLUM = "cerebellum"
    VENTRICLES = "ventricles"


class LesionLocation(BaseModel):
    """Location of a lesion; None is "not determined".

    Attributes
    ----------
    side : Side or None
        Side of the patient.
    side_confidence : float or None
        Confidence of the side, 0 to 1; None if it is not determined.
    compartment : Compartment or None
        Above or below the tentorium.
    compartment_confidence : float or None
        Confidence of the compartment, 0 to 1.
    region : Region or None
        Region with the largest part of the volume.
    region_confidence : float or None
        Confidence of the region, 0 to 1.
    region_shares : dict of Region to float
        Fraction of the volume in each region with at least 5 %, largest first, also if ``region`` is not determined.
        Empty if the atlas could not be fitted.
    """

    model_config = ConfigDict(frozen=True)

    side: Side | None = None
    side_confidence: Fraction | None = None
    compartment: Compartment | None = None
    compartment_confidence: Fraction | None = None
    region: Region | None = None
    region_confidence: Fraction | None = None
    region_shares: dict[Region, Fraction] = {}

    @property
    def reaches_into(self) -> tuple[Region, ...]:
        """Other regions with at least a quarter of the volume, largest first; empty if the region is not determined."""
        if self.region is None:
            return ()
        return tuple(
            name for name, part in self.region_shares.items() if part >= _LARGE_FRACTION and name != self.region
        )

    def describe(self) -> str:
        """Return the location in words, such as ``left basal ganglia and thalamus, supratentorial``."""
        if self.side is None and self.region is None and self.compartment is None:
            return "location not determined"
        side = "side not determined" if self.side is None else self.side.value
        if self.region == Region.VENTRICLES:
            return "ventricles" if self.side is None else f"ventricles, {self.side.value}"
        regions = () if self.region is None else (self.region, *self.reaches_into)
        region = " and ".join(name.value for name in regions) or "region not determined"
        place = f"{side}{', ' if self.side is None or self.region is None else ' '}{region}"
        return place if self.compartment is None else f"{place}, {self.compartment.value}"
