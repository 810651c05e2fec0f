# SPDX-License-Identifier: Apache-2.0
"""The boxes of a result's lesions while a user changes them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ICHSegmentationLib.core.lesion_boxes import LesionBox


class KeptBox(BaseModel):
    """A box of a result.

    Attributes
    ----------
    key : str
        By which it is known as long as it exists.
    box : LesionBox
        Where it is.
    by_hand : bool
        Whether the user drew or moved it, so that its confidence says nothing.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    box: LesionBox
    by_hand: bool = False


class BoxRecord(BaseModel):
    """All boxes of a result.

    Attributes
    ----------
    boxes : tuple of KeptBox
        In the order in which they came.
    next_key : int
        Of the next box.
    made : str
        Which voxels were ever made as a box's lesion, as text of whoever keeps the record.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    boxes: tuple[KeptBox, ...] = ()
    next_key: int = 1
    made: str = ""
