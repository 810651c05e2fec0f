# SPDX-License-Identifier: Apache-2.0
"""Verdict of a radiologist on a result, as the review page saves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.grid_record import GridRecord

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap

Verdict = Literal["accept", "reject", "corrected"]
_WORDS: dict[Verdict, str] = {"accept": "accepted", "reject": "rejected", "corrected": "corrected"}
_SAME_MM = 0.1
_SAME_ML = 0.005
_MAX_BYTES = 4 << 20


class Review(BaseModel):
    """What a radiologist decided.

    Attributes
    ----------
    verdict : str
        "accept", "reject" or "corrected".
    grade : int or None
        Quality of the labels, 1 (poor) to 5 (good).
    comment : str
        Free text.
    corrected : tuple of str
        IDs of the segments that were changed on the page.
    changed_ml : float
        Volume of the voxels whose label changed.
    editing_s : float
        Time spent on the corrections.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Verdict
    grade: int | None = Field(default=None, ge=1, le=5)
    comment: str = Field(default="", max_length=2000)
    corrected: tuple[str, ...] = ()
    changed_ml: float = Field(default=0.0, ge=0)
    editing_s: float = Field(default=0.0, ge=0)

    def describe(self) -> str:
        """Return the verdict in words."""
        grade = "" if self.grade is None else f", quality {self.grade} of 5"
        return f"{_WORDS[self.verdict]} by the radiologist{grade}"


class ReviewFile(Review):
    """Content of ``review.json``: the verdict, and which labels it is on.

    Attributes
    ----------
    result : str
        Identifier of the result that was reviewed.
    grid : GridRecord
        Slice grid of the labels.
    volumes_ml : dict of str to float
        Volumes of the labels that the radiologist saw at last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    result: str = Field(max_length=64)
    grid: GridRecord
    volumes_ml: dict[str, float]

    def review(self) -> Review:
        """Return the verdict alone."""
        return Review(**{name: getattr(self, name) for name in Review.model_fields})


def parse_review(content: bytes) -> ReviewFile | None:
    """Return the content of a ``review.json``; None if it is not valid."""
    try:
        found = ReviewFile.model_validate_json(content)
        found.grid.grid()
    except (ValidationError, ValueError):
        return None
    return found


def read_review(path: Path, label_map: LabelMap, volumes_ml: dict[str, float]) -> Review:
    """Read the verdict on a label map.

    Parameters
    ----------
    path : Path
        File that the review page saved.
    label_map : LabelMap
        Labels that it must be on.
    volumes_ml : dict of str to float
        Their volumes.

    Raises
    ------
    InputError
        If the file cannot be read, is not a verdict, or is one on other slices or other labels.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(message("export.no_review", path=path)) from error
    found = parse_review(content) if len(content) <= _MAX_BYTES else None
    if found is None:
        raise InputError(message("export.no_review", path=path))
    if not found.grid.grid().matches(label_map.grid, tolerance_mm=_SAME_MM):
        raise InputError(message("export.review_of_other_slices", path=path))
    names = (found.volumes_ml.keys() | volumes_ml.keys()) - {"total"}
    if any(abs(found.volumes_ml.get(name, 0.0) - volumes_ml.get(name, 0.0)) > _SAME_ML for name in names):
        raise InputError(message("export.review_of_other_labels", path=path))
    return found.review()
