# SPDX-License-Identifier: Apache-2.0
"""Boxes of a result while the user edits them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ICHSegmentationLib.core.lesion_boxes import LesionBox


class KeptBox(BaseModel):
    """A box of a result.

    Attributes
    ----------
    key : str
        Identifier, unique within the result.
    box : LesionBox
        The box.
    by_hand : bool
        Whether the user drew or moved it, so that its confidence does not apply.
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
        In order of creation.
    next_key : int
        Key of the next box.
    made : str
        Voxels that were ever segmented as a box's lesion, encoded by the owner of the record.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    boxes: tuple[KeptBox, ...] = ()
    next_key: int = 1
    made: str = ""
