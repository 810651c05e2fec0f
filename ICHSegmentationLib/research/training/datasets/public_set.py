# SPDX-License-Identifier: Apache-2.0
"""Interface of the readers of public data sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.training_case.nnunet_layout import Unknown

UNKNOWN = 6
"""Label of hemorrhage of unknown subtype, as in :class:`LabelMap`."""


@dataclass(frozen=True, kw_only=True)
class About:
    """Origin and terms of use of a data set.

    Attributes
    ----------
    title : str
        Name and version.
    licence, citation, url : str
        Written to `sources.json`.
    unknown : Unknown
        Role of label 6.
    notes : tuple of str
        Notes for users of the prepared set, including assumptions.
    """

    title: str
    licence: str
    citation: str
    url: str
    unknown: Unknown
    notes: tuple[str, ...] = ()


class CaseName(NamedTuple):
    """A case and its patient; a split must keep all cases of a patient together."""

    name: str
    patient: str


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """One scan with its reference labels or boxes.

    Attributes
    ----------
    volume : CTVolume
        The scan.
    labels : LabelMap or None
        Labels on the same slices; None if the set has boxes only.
    boxes : dict or None
        Content of the box file except `case` and `image`; None if the set has masks.
    counts : Counter
        Events counted while reading, summed over the cases in `sources.json`.
    """

    volume: CTVolume
    labels: LabelMap | None = None
    boxes: dict[str, Any] | None = None
    counts: Counter[str] = field(default_factory=Counter)


class PublicSet(Protocol):
    """A data set in a folder; the constructor checks that all parts exist."""

    @property
    def about(self) -> About:
        """Description of the set."""
        ...

    def cases(self) -> list[CaseName]:
        """Return all cases sorted by name.

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
