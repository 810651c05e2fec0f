# SPDX-License-Identifier: Apache-2.0
"""Modified Graeb score of IVH."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.measurement.score_items import BY_USER, NOT_DETERMINED

MAX_SCORE = 32
Points = int | Literal["not determined"] | None
"""Points of a compartment given by the user; None keeps the proposal."""


class Ventricle(StrEnum):
    """Compartment of the ventricles."""

    THIRD = "third"
    FOURTH = "fourth"
    LEFT_LATERAL = "left_lateral"
    RIGHT_LATERAL = "right_lateral"
    LEFT_OCCIPITAL_HORN = "left_occipital_horn"
    RIGHT_OCCIPITAL_HORN = "right_occipital_horn"
    LEFT_TEMPORAL_HORN = "left_temporal_horn"
    RIGHT_TEMPORAL_HORN = "right_temporal_horn"

    @property
    def is_horn(self) -> bool:
        """Whether this is an occipital or temporal horn."""
        return self.value.endswith("horn")

    @property
    def max_points(self) -> int:
        """Points if the compartment is filled and expanded."""
        return 3 if self.is_horn else 5


class GraebItem(BaseModel):
    """Blood in one compartment and its points; None is "not determined".

    Attributes
    ----------
    compartment : Ventricle
        The compartment.
    lumen_ml : float or None
        Volume of fluid and blood.
    blood_ml : float or None
        Volume of IVH.
    filled_percent : float or None
        Blood in per cent of the lumen.
    expanded : bool or None
        Whether clot expands the compartment beyond its normal size.
    edited_points : int, "not determined" or None
        Points given by the user, which replace the proposal.
    """

    model_config = ConfigDict(frozen=True)

    compartment: Ventricle
    lumen_ml: Annotated[float, Field(ge=0)] | None = None
    blood_ml: Annotated[float, Field(ge=0)] | None = None
    filled_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    expanded: bool | None = None
    edited_points: Points = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def points(self) -> int | None:
        """Points of the compartment; None if not determined."""
        if self.edited_points is not None:
            return None if self.edited_points == NOT_DETERMINED else self.edited_points
        if self.filled_percent is None or (self.filled_percent > 0 and self.expanded is None):
            return None
        step = 50 if self.compartment.is_horn else 25
        # Rounded up, so that any blood gives a point.
        return int(-(-self.filled_percent // step)) + int(bool(self.filled_percent and self.expanded))


class ModifiedGraeb(BaseModel):
    """Proposal for the modified Graeb score, to be checked and edited by the user.

    Morgan TC et al., The modified Graeb score: an enhanced tool for intraventricular hemorrhage measurement and
    prediction of functional outcome, Stroke 2013;44:635-641. The third, the fourth and each lateral ventricle get 1
    point for each quarter that contains blood, each occipital and temporal horn 1 point for each half; a compartment
    expanded by clot gets one more. The score is 0 without IVH, at most 32.

    Attributes
    ----------
    items : tuple of GraebItem
        All compartments, in the order of :class:`Ventricle`.

    Examples
    --------
    A third ventricle filled and expanded by clot, and a thin level of blood in one occipital horn:

    >>> ModifiedGraeb.of({"third": (100, True), "left_occipital_horn": (30, False)}).total
    6
    """

    model_config = ConfigDict(frozen=True)

    items: tuple[GraebItem, ...]

    @classmethod
    def of(cls, filled: Mapping[str, tuple[float, bool]]) -> ModifiedGraeb:
        """Return the score of compartments given by filling in per cent and expansion; others contain no blood."""
        empty = (0.0, False)
        return cls(
            items=tuple(
                GraebItem(
                    compartment=name, filled_percent=filled.get(name, empty)[0], expanded=filled.get(name, empty)[1]
                )
                for name in Ventricle
            )
        )

    @classmethod
    def not_determined(cls) -> ModifiedGraeb:
        """Return the score with no compartment determined."""
        return cls(items=tuple(GraebItem(compartment=name) for name in Ventricle))

    def edited(self, points: Mapping[str, Points]) -> ModifiedGraeb:
        """Return the score with points given by the user; None restores the proposal.

        Parameters
        ----------
        points : mapping of str to int, "not determined" or None
            Points by name of the compartment.

        Raises
        ------
        ValueError
            If a compartment is unknown or its points are out of range.
        """
        for name, value in points.items():
            maximum = Ventricle(name).max_points
            if isinstance(value, int) and not 0 <= value <= maximum:
                words = name.replace("_", " ")
                raise ValueError(
                    message("measurement.graeb_points", compartment=words, max_points=maximum, points=value)
                )
        return ModifiedGraeb(
            items=tuple(
                item.model_copy(update={"edited_points": points[item.compartment]})
                if item.compartment in points
                else item
                for item in self.items
            )
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def lowest(self) -> int:
        """Score with no points for compartments that are not determined."""
        return sum(item.points or 0 for item in self.items)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def highest(self) -> int:
        """Score with all points for compartments that are not determined."""
        return sum(item.compartment.max_points if item.points is None else item.points for item in self.items)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> int | None:
        """Score from 0 to 32; None if a compartment is not determined."""
        return self.lowest if self.lowest == self.highest else None

    @property
    def is_edited(self) -> bool:
        """Whether the user gave any points."""
        return any(item.edited_points is not None for item in self.items)

    def summary(self) -> str:
        """Return the score in words, and whether it is a proposal or edited."""
        total = str(self.total) if self.total is not None else f"{self.lowest} to {self.highest}"
        return (
            f"modified Graeb score {total} of {MAX_SCORE} ({'a proposal, edited' if self.is_edited else 'a proposal'})"
        )

    def describe(self) -> str:
        """Return the score and the compartments that have points or were edited, on one line."""
        found = [
            f"{item.compartment.value.replace('_', ' ')} {NOT_DETERMINED if item.points is None else item.points}"
            + (f" ({BY_USER})" if item.edited_points is not None else "")
            for item in self.items
            if item.points != 0 or item.edited_points is not None
        ]
        return f"{self.summary()}: {', '.join(found)}" if found else self.summary()
