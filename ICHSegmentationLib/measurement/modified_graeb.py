# SPDX-License-Identifier: Apache-2.0
"""The modified Graeb score of blood in the ventricles."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.measurement.score_items import BY_USER, NOT_DETERMINED

WORST = 32
Points = int | Literal["not determined"] | None
"""What a reader gives a compartment; None keeps what was measured."""


class Ventricle(StrEnum):
    """The compartments that the score counts."""

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
        """Whether it is an occipital or temporal horn."""
        return self.value.endswith("horn")

    @property
    def max_points(self) -> int:
        """Points of the compartment when it is filled and expanded."""
        return 3 if self.is_horn else 5


class GraebItem(BaseModel):
    """One compartment of the ventricles; None is "not determined".

    Attributes
    ----------
    compartment : Ventricle
        Which.
    lumen_ml : float or None
        Volume of the compartment, fluid and blood.
    blood_ml : float or None
        Volume of IVH in it.
    filled_percent : float or None
        Blood's share of the lumen.
    expanded : bool or None
        Whether clot widens it beyond the normal.
    edited_points : int, "not determined" or None
        What the reader gave; it holds in place of what was measured.
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
        """Points of the compartment, or None."""
        if self.edited_points is not None:
            return None if self.edited_points == NOT_DETERMINED else self.edited_points
        if self.filled_percent is None or (self.filled_percent > 0 and self.expanded is None):
            return None
        step = 50 if self.compartment.is_horn else 25
        # Ceiling: any blood gives a point.
        return int(-(-self.filled_percent // step)) + int(bool(self.filled_percent and self.expanded))


class ModifiedGraeb(BaseModel):
    """A proposal for the modified Graeb score, to be checked and edited by the reader.

    Morgan TC et al., The modified Graeb score: an enhanced tool for intraventricular hemorrhage measurement and
    prediction of functional outcome, Stroke 2013;44:635-641: the third, the fourth and each lateral ventricle give 1
    to 4 points by quarters filled with blood, each occipital and each temporal horn 1 or 2 by halves, and each
    compartment one more if clot expands it; 0 is no blood in the ventricles, 32 the most.

    Attributes
    ----------
    items : tuple of GraebItem
        Each compartment once, in the order of :class:`Ventricle`.

    Examples
    --------
    A cast of the third ventricle that expands it and a thin level in one occipital horn:

    >>> ModifiedGraeb.of({"third": (100, True), "left_occipital_horn": (30, False)}).total
    6
    """

    model_config = ConfigDict(frozen=True)

    items: tuple[GraebItem, ...]

    @classmethod
    def of(cls, filled: Mapping[str, tuple[float, bool]]) -> ModifiedGraeb:
        """Build the score from how far compartments are filled in per cent and whether they are expanded.

        Compartments that are not named hold no blood.
        """
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
        """Return the score of which nothing is known."""
        return cls(items=tuple(GraebItem(compartment=name) for name in Ventricle))

    def edited(self, points: Mapping[str, Points]) -> ModifiedGraeb:
        """Return the score with what the reader gave; None takes an edit back.

        Parameters
        ----------
        points : mapping of str to int, "not determined" or None
            By name of the compartment.

        Raises
        ------
        ValueError
            If there is no such compartment, or it cannot have so many points.
        """
        for name, value in points.items():
            most = Ventricle(name).max_points
            if isinstance(value, int) and not 0 <= value <= most:
                raise ValueError(
                    message(
                        "measurement.graeb_points", compartment=name.replace("_", " "), max_points=most, points=value
                    )
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
        """The score if compartments that are not determined count nothing."""
        return sum(item.points or 0 for item in self.items)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def highest(self) -> int:
        """The score if compartments that are not determined count all they can."""
        return sum(item.compartment.max_points if item.points is None else item.points for item in self.items)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> int | None:
        """0 to 32, or None where a compartment is not determined."""
        return self.lowest if self.lowest == self.highest else None

    @property
    def is_edited(self) -> bool:
        """Whether the reader gave any of the points."""
        return any(item.edited_points is not None for item in self.items)

    def summary(self) -> str:
        """Return the score and whose it is."""
        total = str(self.total) if self.total is not None else f"{self.lowest} to {self.highest}"
        return f"modified Graeb score {total} of {WORST} ({'a proposal, edited' if self.is_edited else 'a proposal'})"

    def describe(self) -> str:
        """Return the score and the compartments that have points or that the reader edited, on one line."""
        found = [
            f"{item.compartment.value.replace('_', ' ')} {NOT_DETERMINED if item.points is None else item.points}"
            + (f" ({BY_USER})" if item.edited_points is not None else "")
            for item in self.items
            if item.points != 0 or item.edited_points is not None
        ]
        return f"{self.summary()}: {', '.join(found)}" if found else self.summary()
