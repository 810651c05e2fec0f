# SPDX-License-Identifier: Apache-2.0
"""The ICH score of spontaneous intracerebral hemorrhage."""

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
"""Published deaths within 30 days by score; nobody in the cohort had 6."""
SCORE_NAME = "ICH score (spontaneous ICH only; Hemphill 2001)"


class IchScore(BaseModel):
    """The score and what it is made of; an item that is None is not determined, and the score then a range.

    Hemphill JC et al., The ICH score: a simple, reliable grading scale for intracerebral hemorrhage, Stroke 2001;
    32:891-897, tables 2 and 3. It was made for spontaneous hemorrhage inside the brain, on 152 patients, with volumes
    by ABC/2; it does not hold after trauma and does not decide about care.

    Attributes
    ----------
    gcs : int or None
        Glasgow Coma Scale, 3 to 15: 3-4 give 2 points, 5-12 one, 13-15 none.
    age_years : int or None
        80 or more give a point.
    iph_ml : float or None
        Intraparenchymal volume; 30 mL or more give a point.
    ivh : bool or None
        Blood in the ventricles gives a point.
    infratentorial : bool or None
        Origin below the tentorium gives a point.
    edited : tuple of str
        Which of the last three the reader gave in place of what was proposed; GCS and age are always the reader's.

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
        """Fill the items with what the reader gave, and where that is None with what was proposed.

        Parameters
        ----------
        proposed : mapping
            ``iph_ml``, ``ivh`` and ``infratentorial``; None is not determined.
        given : mapping
            Any of the items; "not determined" holds in place of a proposal too.
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
        """Whether the intraparenchymal volume is known to reach 30 mL."""
        return self.iph_ml is not None and self.iph_ml >= LARGE_ML

    @computed_field  # type: ignore[prop-decorator]
    @property
    def lowest(self) -> int:
        """The score if nothing that is not determined counts."""
        return sum(points or 0 for points in self.points.values())

    @computed_field  # type: ignore[prop-decorator]
    @property
    def highest(self) -> int:
        """The score if all that is not determined counts."""
        most = {"gcs": 2}
        return self.lowest + sum(most.get(item, 1) for item, points in self.points.items() if points is None)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def score(self) -> int | None:
        """0 to 6, or None where an item is not determined."""
        return self.lowest if self.lowest == self.highest else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def mortality_30d_percent(self) -> tuple[int | None, int | None]:
        """Published 30-day mortality at the lowest and at the highest score; None for 6, which was not observed."""
        return MORTALITY_30D_PERCENT[self.lowest], MORTALITY_30D_PERCENT[self.highest]

    @property
    def score_text(self) -> str:
        """The score, or from where to where it may be."""
        return str(self.score) if self.score is not None else f"{self.lowest} to {self.highest}"

    @property
    def mortality_text(self) -> str:
        """The published mortality in per cent, or from where to where it may be."""
        low, high = ("not observed" if value is None else f"{value} %" for value in self.mortality_30d_percent)
        return low if self.score is not None else f"{low} to {high}"

    def describe(self) -> str:
        """Return the score, what it is for, the published mortality and every item, on two lines."""
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
    """Fill the score's items from a segmentation; see :class:`IchScore`.

    Parameters
    ----------
    measurements : Measurements
        Volume of the intraparenchymal blood (of its voxels) and whether there is any in the ventricles.
    gcs, age_years : optional
        What the scan does not say.
    infratentorial, iph_ml, ivh : optional
        What the reader says in place of where the largest intraparenchymal lesion was found to lie, and of what the
        labels say; "not determined" is an answer too.

    Returns
    -------
    IchScore or None
        None without an intraparenchymal hemorrhage: the score is not made for others.
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
    """Where the largest intraparenchymal lesion lies, taken as the origin; None without one or if not determined."""
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
