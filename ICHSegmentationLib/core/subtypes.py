# SPDX-License-Identifier: Apache-2.0
"""The five hemorrhage subtypes and their label values, the same in every file this project writes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from ICHSegmentationLib.core.messages import message


class Subtype(IntEnum):
    """Hemorrhage subtype; the value is the label in every label map (0 is background)."""

    EDH = 1
    SDH = 2
    SAH = 3
    IPH = 4
    IVH = 5


ANY_BLOOD = "ICH"
"""Name of blood whose subtype is not given, as a class of a system that does not tell subtypes apart."""

UNKNOWN_SUBTYPE = 6
"""Its label."""


def label_values(classes: Sequence[str]) -> tuple[int, ...]:
    """Return the label of each class of a model, ``background`` first, which is 0.

    Raises
    ------
    ValueError
        If a name is not that of a subtype or `ANY_BLOOD`.
    """
    known = {subtype.name: int(subtype) for subtype in Subtype} | {ANY_BLOOD: UNKNOWN_SUBTYPE}
    unknown = [name for name in classes[1:] if name not in known]
    if unknown or classes[0] != "background":
        raise ValueError(message("core.classes", known=", ".join(known)))
    return (0, *(known[name] for name in classes[1:]))
