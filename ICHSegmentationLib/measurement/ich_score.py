# SPDX-License-Identifier: Apache-2.0
"""ICH score of spontaneous intracerebral hemorrhage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from ICHSegmentationLib.anatomy.lesion_location import Compartment
from ICHSegmentationLib.measurement.score_items import BY_USER, LARGE_ML, NOT_DETERMINED

if TYPE_CHECKING:
    from ICHSegmentationLib.measurement.measurements import Measurements

OLD_YEARS = 80
MORTALITY_30D_PERCENT: dict[int, int | None] = {0: 0, 1: 13, 2: 26, 3: 72, 4: 97, 5: 100, 6: None}
"""Published 30-day mortality by score; no patient of the cohort had a score of 6."""
SCORE_NAME = "ICH score (spontaneous ICH only; Hemphill 2001)"


class IchScore(BaseModel):
    """ICH score with its items. An item that is None is not determined; the score is then a range.

    Hemphill JC et al., The ICH score: a simple, reliable grading scale for intracerebral hemorrhage, Stroke 2001;
    32:891-897, tables 2 and 3. It was developed for spontaneous intracerebral hemorrhage, on 152 patients, with volumes
    by ABC/2. It is not valid after trauma and not meant for decisions about care.

    Attributes
    ----------
    gcs : int or None
        Glasgow Coma Scale, 3 to 15: 2 points for 3-4, 1 for 5-12, 0 for 13-15.
    age_years : int or None
        1 point for 80 or more.
    iph_ml : float or None
        IPH volume; 1 point for 30 mL or more.
    ivh : bool or None
        Whether there is IVH; 1 point if so.
    infratentorial : bool or None
        Whether the origin is below the tentorium; 1 point if so.
    edited : tuple of str
        Names of the last three items whose proposal the user replaced. GCS and age always come from the user.

    Raises
    ------
    pydantic.ValidationError
        If the GCS is not 3 to 15, or age or volume are negative.

    Examples
    --------
    >>> IchScore(gcs=10, age_years=82, iph_ml=34.0, ivh=True, infratentorial=False).score
    4
    """

    model_config = ConfigDict(frozen=True)

    gcs: Annotated[int, Field(ge=3, le=15)] | None = None
    age_years: Annotated[int, Field(ge=0)] | None = None
    iph_ml: Annotated[float, Field(ge=0)] | None = None
    ivh: bool | None = None
    infratentorial: bool | None = None
    edited: tuple[str, ...] = ()

    @classmethod
    def filled(cls, proposed: Mapping[str, Any], given: Mapping[str, Any]) -> Self:
        """Return the score with the items of the user and, where these are None, the proposals.

        Parameters
        ----------
        proposed : mapping
            Proposals for ``iph_ml``, ``ivh`` and ``infratentorial``; None is not determined.
        given : mapping
            Items of the user; "not determined" also replaces a proposal.
        """
        own = {item: value for item, value in given.items() if value is not None}
        values = {item: None if value == NOT_DETERMINED else value for item, value in own.items()}
        return cls(**{**proposed, **values}, edited=tuple(item for item in proposed if item in own))

    @computed_field  # type: ignore[prop-decorator]
    @property
    def points(self) -> dict[str, int | None]:
        """Points of each item."""
        return {
            "gcs": None if self.gcs is None else 2 if self.gcs <= 4 else 1 if self.gcs <= 12 else 0,
            "age_years": None if self.age_years is None else int(self.age_years >= OLD_YEARS),
            "iph_ml": None if self.iph_ml is None else int(self.is_large),
            "ivh": None if self.ivh is None else int(self.ivh),
            "infratentorial": None if self.infratentorial is None else int(self.infratentorial),
        }

    @computed_field  # type: ignore[prop-decorator]
    @property
    def is_large(self) -> bool:
        """Whether the IPH volume is known and at least 30 mL."""
        return self.iph_ml is not None and self.iph_ml >= LARGE_ML

    @computed_field  # type: ignore[prop-decorator]
    @property
    def lowest(self) -> int:
        """Score with no points for items that are not determined."""
        return sum(points or 0 for points in self.points.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def highest(self) -> int:
        """Score with all points for items that are not determined."""
        max_points = {"gcs": 2}
        return self.lowest + sum(max_points.get(item, 1) for item, points in self.points.items() if points is None)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def score(self) -> int | None:
        """Score from 0 to 6; None if an item is not determined."""
        return self.lowest if self.lowest == self.highest else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def mortality_30d_percent(self) -> tuple[int | None, int | None]:
        """Published 30-day mortality of the lowest and highest score; None for 6, which was not observed."""
        return MORTALITY_30D_PERCENT[self.lowest], MORTALITY_30D_PERCENT[self.highest]

    @property
    def score_text(self) -> str:
        """Score, or its range."""
        return str(self.score) if self.score is not None else f"{self.lowest} to {self.highest}"

    @property
    def mortality_text(self) -> str:
        """Published mortality in per cent, or its range."""
        low, high = ("not observed" if value is None else f"{value} %" for value in self.mortality_30d_percent)
        return low if self.score is not None else f"{low} to {high}"

    def describe(self) -> str:
        """Return two lines of text: score and published mortality; items with their points."""
        values = {
            "GCS": (self.gcs, "gcs"),
            "age": (self.age_years, "age_years"),
            "IPH volume": (None if self.iph_ml is None else f"{self.iph_ml:.1f} mL", "iph_ml"),
            "IVH": (_yes_no(self.ivh), "ivh"),
            "infratentorial": (_yes_no(self.infratentorial), "infratentorial"),
        }
        points = self.points
        items = [
            _describe_item(name, value, points[item], by_user=item in self.edited)
            for name, (value, item) in values.items()
        ]
        return (
            f"{SCORE_NAME}: {self.score_text}; published 30-day mortality {self.mortality_text}\n  {', '.join(items)}"
        )


def ich_score(
    measurements: Measurements,
    *,
    gcs: int | None = None,
    age_years: int | None = None,
    infratentorial: bool | Literal["not determined"] | None = None,
    iph_ml: float | Literal["not determined"] | None = None,
    ivh: bool | Literal["not determined"] | None = None,
) -> IchScore | None:
    """Return the ICH score of a segmentation; see :class:`IchScore`.

    Parameters
    ----------
    measurements : Measurements
        Measurements with IPH volume, IVH and location of the largest IPH lesion, which are proposed.
    gcs, age_years : optional
        Items that the scan does not show.
    infratentorial, iph_ml, ivh : optional
        Values of the user, which replace the proposals; "not determined" is possible.

    Returns
    -------
    IchScore or None
        None without IPH, for which alone the score is defined.
    """
    if not measurements.present["IPH"]:
        return None
    proposed = {
        "iph_ml": measurements.volumes_ml["IPH"],
        "ivh": measurements.present["IVH"],
        "infratentorial": is_infratentorial(measurements),
    }
    given = {"gcs": gcs, "age_years": age_years, "iph_ml": iph_ml, "ivh": ivh, "infratentorial": infratentorial}
    return IchScore.filled(proposed, given)


def is_infratentorial(measurements: Measurements) -> bool | None:
    """Whether the largest IPH lesion, taken as the origin, is infratentorial; None if not determined or without IPH."""
    location = next((lesion.location for lesion in measurements.lesions if lesion.subtype == "IPH"), None)
    if location is None or location.compartment is None:
        return None
    return location.compartment == Compartment.INFRATENTORIAL


def _describe_item(name: str, value: object, points: int | None, *, by_user: bool) -> str:
    if value is None:
        return f"{name} {NOT_DETERMINED} ({BY_USER})" if by_user else f"{name} {NOT_DETERMINED}"
    return f"{name} {value} ({points}, {BY_USER})" if by_user else f"{name} {value} ({points})"


def _yes_no(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"
