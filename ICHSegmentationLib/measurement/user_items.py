# SPDX-License-Identifier: Apache-2.0
"""Items of the scores given by the user."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ICHSegmentationLib.measurement.ich_score import IchScore, ich_score, is_infratentorial
from ICHSegmentationLib.measurement.measurements import Measurements
from ICHSegmentationLib.measurement.modified_graeb import ModifiedGraeb, Points

TriState = bool | Literal["not determined"] | None


class Proposals(BaseModel):
    """Proposals of a segmentation for the items of the scores.

    Attributes
    ----------
    volumes_ml : dict of str to float
        Volumes of the segmentation, to detect later changes.
    infratentorial : bool or None
        Whether the largest IPH lesion is infratentorial; None is not determined.
    modified_graeb : ModifiedGraeb or None
        Proposal for the modified Graeb score; None without the scan.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    volumes_ml: dict[str, float]
    infratentorial: bool | None = None
    modified_graeb: ModifiedGraeb | None = None

    @classmethod
    def of(cls, measurements: Measurements) -> Self:
        """Return the proposals of measurements."""
        return cls(
            volumes_ml=measurements.volumes_ml,
            infratentorial=is_infratentorial(measurements),
            modified_graeb=measurements.modified_graeb,
        )


class UserItems(BaseModel):
    """Items of the scores given by the user.

    None keeps the proposal; "not determined" replaces it.

    Attributes
    ----------
    gcs, age_years, iph_ml, ivh, infratentorial
        Items of the ICH score; see :class:`ICHSegmentationLib.measurement.IchScore`.
    graeb : dict of str to int or "not determined"
        Points of the modified Graeb score, by name of the compartment.

    Raises
    ------
    pydantic.ValidationError
        If a value is out of range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gcs: Annotated[int, Field(ge=3, le=15)] | None = None
    age_years: Annotated[int, Field(ge=0)] | None = None
    iph_ml: Annotated[float, Field(ge=0)] | Literal["not determined"] | None = None
    ivh: TriState = None
    infratentorial: TriState = None
    graeb: dict[str, Points] = {}

    @field_validator("graeb")
    @classmethod
    def _check_points(cls, points: dict[str, Points]) -> dict[str, Points]:
        ModifiedGraeb.not_determined().edited(points)
        return {name: value for name, value in points.items() if value is not None}

    @property
    def score_items(self) -> dict[str, int | float | str | None]:
        """Values of the ICH score by item."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "graeb"}

    @property
    def has_score_items(self) -> bool:
        """Whether any item of the ICH score was given."""
        return any(value is not None for value in self.score_items.values())

    def ich_score(self, measurements: Measurements) -> IchScore | None:
        """Return the ICH score with these items; see :func:`ICHSegmentationLib.measurement.ich_score`."""
        return ich_score(
            measurements,
            gcs=self.gcs,
            age_years=self.age_years,
            infratentorial=self.infratentorial,
            iph_ml=self.iph_ml,
            ivh=self.ivh,
        )

    def modified_graeb(self, proposal: ModifiedGraeb | None) -> ModifiedGraeb | None:
        """Return the modified Graeb score with these points; without a proposal all others are not determined."""
        if not self.graeb:
            return proposal
        return (proposal or ModifiedGraeb.not_determined()).edited(self.graeb)
