# SPDX-License-Identifier: Apache-2.0
"""The file of a scan's lesion boxes, ``boxes.json``: written with every result, edited, and given back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.lesion_boxes import LesionBox
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.validation import first_problem

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid


class BoxFile(BaseModel):
    """The file, schema 1.

    Attributes
    ----------
    scan_slices : int or None
        Number of slices of the scan that the boxes belong to.
    boxes : tuple of LesionBox
        One for each lesion.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, json_schema_serialization_defaults_required=True
    )

    schema_version: Literal[1] = Field(default=1, alias="schema")
    scan_slices: int | None = Field(default=None, ge=1)
    boxes: tuple[LesionBox, ...]


def write_boxes(path: Path, boxes: tuple[LesionBox, ...], grid: SliceGrid) -> None:
    """Write the boxes of a scan; errors as `write_text`."""
    content = BoxFile(scan_slices=grid.shape[0], boxes=boxes)
    write_text(path, content.model_dump_json(by_alias=True, indent=2) + "\n")


def read_boxes(path: Path) -> BoxFile:
    """Read a file of boxes.

    Raises
    ------
    InputError
        If it cannot be read or is not one; the message names the first wrong field.
    """
    try:
        return BoxFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(message("io.boxes_unreadable", path=path)) from error
    except ValidationError as error:
        place, problem = first_problem(error)
        raise InputError(message("io.boxes_not_valid", path=path, place=place, problem=problem)) from error


def boxes_on(content: BoxFile, grid: SliceGrid) -> tuple[LesionBox, ...]:
    """Return the boxes of a file, having checked that they lie on a scan.

    Raises
    ------
    InputError
        If they belong to a scan with another number of slices, or one lies outside the scan.
    """
    if content.scan_slices not in (None, grid.shape[0]):
        raise InputError(message("io.boxes_of_other_scan", expected=content.scan_slices, slices=grid.shape[0]))
    for box in content.boxes:
        box.voxels(grid)
    return content.boxes
