# SPDX-License-Identifier: Apache-2.0
"""Where a lesion lies, as far as it can be told from the scan."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_LARGE_SHARE = 0.25
Share = Annotated[float, Field(ge=0, le=1)]


class Side(StrEnum):
    """The patient's side; a lesion on both sides is ``midline`` where it stays near the midline, else ``bilateral``."""

    LEFT = "left"
    RIGHT = "right"
    MIDLINE = "midline"
    BILATERAL = "bilateral"


class Compartment(StrEnum):
    """Above or below the tentorium; few bleeds cross it, so one that seems to is not determined."""

    SUPRATENTORIAL = "supratentorial"
    INFRATENTORIAL = "infratentorial"


class Region(StrEnum):
    """Lobe or deep location.

    ``basal ganglia`` includes the capsules and the deep white matter beside the lateral ventricles, as ratings of
    hemorrhage do (Charidimou A et al., The Cerebral Haemorrhage Anatomical RaTing inStrument (CHARTS): development
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
    """Where a lesion lies; None is "not determined".

    Attributes
    ----------
    side : Side or None
        The patient's side.
    side_confidence : float or None
        0 to 1, how far the side is to be believed; None where it is not determined.
    compartment : Compartment or None
        Above or below the tentorium.
    compartment_confidence : float or None
        As for the side.
    region : Region or None
        The region that holds most of the lesion's volume.
    region_confidence : float or None
        As for the side.
    region_shares : dict of Region to float
        Share of the lesion's volume in each region, largest first, from 5 %; given also where ``region`` is not
        determined because no region stands out. Empty where the scan could not be placed in the model at all.
    """

    model_config = ConfigDict(frozen=True)

    side: Side | None = None
    side_confidence: Share | None = None
    compartment: Compartment | None = None
    compartment_confidence: Share | None = None
    region: Region | None = None
    region_confidence: Share | None = None
    region_shares: dict[Region, Share] = {}

    @property
    def reaches_into(self) -> tuple[Region, ...]:
        """Other regions that hold a quarter of the volume or more, largest first; empty without a region."""
        if self.region is None:
            return ()
        return tuple(
            name for name, share in self.region_shares.items() if share >= _LARGE_SHARE and name != self.region
        )

    def describe(self) -> str:
        """Return the place in words, as ``left basal ganglia, supratentorial``; large parts elsewhere by "and"."""
        if self.side is None and self.region is None and self.compartment is None:
            return "location not determined"
        side = "side not determined" if self.side is None else self.side.value
        if self.region == Region.VENTRICLES:
            return "ventricles" if self.side is None else f"ventricles, {self.side.value}"
        regions = () if self.region is None else (self.region, *self.reaches_into)
        region = " and ".join(name.value for name in regions) or "region not determined"
        place = f"{side}{', ' if self.side is None or self.region is None else ' '}{region}"
        return place if self.compartment is None else f"{place}, {self.compartment.value}"
