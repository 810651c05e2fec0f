# SPDX-License-Identifier: Apache-2.0
"""Hemorrhage subtypes and their label values, the same in every file that this project writes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from ICHSegmentationLib.core.messages import message


class Subtype(IntEnum):
    """Hemorrhage subtype. The value is its label in label maps, where 0 is background."""

    EDH = 1
    SDH = 2
    SAH = 3
    IPH = 4
    IVH = 5


ANY_BLOOD = "ICH"
"""Name of hemorrhage of unknown subtype, the class of systems that do not distinguish subtypes."""

UNKNOWN_SUBTYPE = 6
"""Label of hemorrhage of unknown subtype."""


def label_values(classes: Sequence[str]) -> tuple[int, ...]:
    """Return the label of each class of a model.

    Parameters
    ----------
    classes : sequence of str
        ``background``, then names of subtypes or `ANY_BLOOD`.

    Raises
    ------
    ValueError
        If the first class is not ``background`` or another is unknown.
    """
    known = {subtype.name: int(subtype) for subtype in Subtype} | {ANY_BLOOD: UNKNOWN_SUBTYPE}
    unknown = [name for name in classes[1:] if name not in known]
    if unknown or classes[0] != "background":
        raise ValueError(message("core.classes", known=", ".join(known)))
    return (0, *(known[name] for name in classes[1:]))
