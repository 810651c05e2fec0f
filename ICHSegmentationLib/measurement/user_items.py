# SPDX-License-Identifier: Apache-2.0
"""What the reader says of a patient and in place of what was proposed, and the scores that follow."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ICHSegmentationLib.measurement.ich_score import IchScore, ich_score, is_infratentorial
from ICHSegmentationLib.measurement.measurements import Measurements
from ICHSegmentationLib.measurement.modified_graeb import ModifiedGraeb, Points

Answer = bool | Literal["not determined"] | None


class Proposals(BaseModel):
    """What a segmentation of a scan proposes for the items of the scores.

    Attributes
    ----------
    volumes_ml : dict of str to float
        Of the segmentation, by which it is known whether it has changed since.
    infratentorial : bool or None
        Where the largest intraparenchymal lesion lies; None is not determined.
    modified_graeb : ModifiedGraeb or None
        None where the scan was not given.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    volumes_ml: dict[str, float]
    infratentorial: bool | None = None
    modified_graeb: ModifiedGraeb | None = None

    @classmethod
    def of(cls, measurements: Measurements) -> Self:
        """Return what measurements propose."""
        return cls(
            volumes_ml=measurements.volumes_ml,
            infratentorial=is_infratentorial(measurements),
            modified_graeb=measurements.modified_graeb,
        )


class UserItems(BaseModel):
    """Each item of the reader's; None keeps what is proposed, "not determined" is an answer.

    Attributes
    ----------
    gcs, age_years, iph_ml, ivh, infratentorial
        Of the ICH score; see :class:`ICHSegmentationLib.measurement.IchScore`.
    graeb : dict of str to int or "not determined"
        Points of the modified Graeb score, by name of the compartment.

    Raises
    ------
    pydantic.ValidationError
        If a value is impossible.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gcs: Annotated[int, Field(ge=3, le=15)] | None = None
    age_years: Annotated[int, Field(ge=0)] | None = None
    iph_ml: Annotated[float, Field(ge=0)] | Literal["not determined"] | None = None
    ivh: Answer = None
    infratentorial: Answer = None
    graeb: dict[str, Points] = {}

    @field_validator("graeb")
    @classmethod
    def _check_points(cls, points: dict[str, Points]) -> dict[str, Points]:
        ModifiedGraeb.not_determined().edited(points)
        return {name: value for name, value in points.items() if value is not None}

    @property
    def score_items(self) -> dict[str, int | float | str | None]:
        """What was said for the ICH score, by item."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "graeb"}

    @property
    def has_score_items(self) -> bool:
        """Whether anything was said for the ICH score."""
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
        """Return the modified Graeb score with these points; without a proposal the rest is not determined."""
        if not self.graeb:
            return proposal
        return (proposal or ModifiedGraeb.not_determined()).edited(self.graeb)
