# SPDX-License-Identifier: Apache-2.0
"""What every reader of a public data set offers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.volume import CTVolume
from ICHSegmentationLib.export.nnunet_layout import Unknown

UNKNOWN = 6
"""Label of hemorrhage whose subtype is not given, as in :class:`LabelMap`."""


@dataclass(frozen=True, kw_only=True)
class About:
    """Where a set comes from and how its files are to be used.

    Attributes
    ----------
    title : str
        Name and version.
    licence, citation, url : str
        As `sources.json` names them.
    unknown : Unknown
        What label 6 is.
    notes : tuple of str
        What a user of the prepared set has to know, assumptions included.
    """

    title: str
    licence: str
    citation: str
    url: str
    unknown: Unknown
    notes: tuple[str, ...] = ()


class CaseName(NamedTuple):
    """A case, and the patient it belongs to; a split must not tear a patient's cases apart."""

    name: str
    patient: str


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """One scan with what is known of its bleeds.

    Attributes
    ----------
    volume : CTVolume
        The scan.
    labels : LabelMap or None
        On the same slices; None where the set has boxes only.
    boxes : dict or None
        Content of the box file but for its `case` and `image`; None where the set has masks.
    counts : Counter
        What happened on the way, summed over the cases in `sources.json`.
    """

    volume: CTVolume
    labels: LabelMap | None = None
    boxes: dict[str, Any] | None = None
    counts: Counter[str] = field(default_factory=Counter)


class PublicSet(Protocol):
    """A data set in the folder a user gave; making one checks that its parts are there."""

    @property
    def about(self) -> About:
        """What the set is."""
        ...

    def cases(self) -> list[CaseName]:
        """All cases, by name.

        Raises
        ------
        InputError
            If a file of the set is missing or not as expected; the message names it.
        """
        ...

    def read(self, case: CaseName) -> PreparedCase:
        """Read one case.

        Raises
        ------
        InputError
            If the case cannot be used; the others may be.
        """
        ...
