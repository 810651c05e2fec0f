# SPDX-License-Identifier: Apache-2.0
"""The results in a folder, and the verdicts on them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import MeasurementRecord, read_record
from ICHSegmentationLib.export.review import ReviewFile, parse_review
from ICHSegmentationLib.review.doubt import Doubt, doubt_of

REVIEW_NAME = "review.json"
"""Verdict beside the other files of a result, as the review page saves it."""


@dataclass(frozen=True)
class ReviewedCase:
    """A result with the verdict on it.

    Attributes
    ----------
    id : str
        Its folder relative to that of all results, with ``/`` between the parts.
    folder : Path
        Its folder.
    record : MeasurementRecord
        Content of its ``measurements.json``.
    doubt : Doubt
        How much it is worth a second look.
    review : ReviewFile or None
        The verdict; None if there is none.
    """

    id: str
    folder: Path
    record: MeasurementRecord
    doubt: Doubt
    review: ReviewFile | None


def find_cases(folder: Path) -> list[ReviewedCase]:
    """Return all results in a folder and its subfolders, those of most doubt first.

    Raises
    ------
    InputError
        If the folder does not exist or holds no result.
    """
    if not folder.is_dir():
        raise InputError(message("review.no_folder", folder=folder))
    found = [case for path in _folders(folder) if (case := _case(path, folder)) is not None]
    if not found:
        raise InputError(message("review.no_results", folder=folder))
    return sorted(found, key=lambda case: (-case.doubt.points, case.id))


def _folders(folder: Path) -> list[Path]:
    """Return the folders with a record; links to folders are not followed, so that none is walked twice."""
    name = ExportFormat.json.file_name
    return [Path(path) for path, _, names in os.walk(folder) if name in names]


def _case(path: Path, root: Path) -> ReviewedCase | None:
    record = read_record(path / ExportFormat.json.file_name)
    if record is None:
        return None
    review = path / REVIEW_NAME
    return ReviewedCase(
        id=path.relative_to(root).as_posix(),
        folder=path,
        record=record,
        doubt=doubt_of(record),
        review=parse_review(review.read_bytes()) if review.is_file() else None,
    )
