# SPDX-License-Identifier: Apache-2.0
"""The five hemorrhage subtypes and their label values, the same in every file this project writes."""

from __future__ import annotations

from enum import IntEnum


class Subtype(IntEnum):
    """Hemorrhage subtype; the value is the label in every label map (0 is background)."""

    EDH = 1
    SDH = 2
    SAH = 3
    IPH = 4
    IVH = 5
