# SPDX-License-Identifier: Apache-2.0
"""The page over many cases, and the table of the verdicts."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ICHSegmentationLib.core.storage.csv_text import csv_text
from ICHSegmentationLib.core.storage.files import write_text
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.review_page.template import fill_page, joined_modules
from ICHSegmentationLib.review.cases import ReviewedCase

INDEX_NAME, VERDICTS_NAME = "review-index.html", "verdicts.csv"
TITLE = "Review of many cases"
_HEADER = ("id", "doubt", "verdict", "grade", "corrected", "changed_ml", "editing_s", "comment")
_THUMBNAIL_PX = 200
_THUMBNAIL_QUALITY = 60


def write_index(folder: Path, cases: Sequence[ReviewedCase]) -> list[Path]:
    """Write the page and the table of the verdicts into the folder of the results.

    Returns
    -------
    list of Path
        Written files.
    """
    page = fill_page(
        "cases/index.html",
        "cases/index.css",
        joined_modules("cases", ("index.js",)),
        {
            "cases": [_content(case) for case in cases],
            "classes": [row.model_dump(include={"id", "name", "color"}) for row in load_terminology().classes],
        },
        title=TITLE,
    )
    write_text(folder / INDEX_NAME, page)
    write_text(folder / VERDICTS_NAME, csv_text([_HEADER, *(_row(case) for case in cases)]))
    return [folder / INDEX_NAME, folder / VERDICTS_NAME]


def _row(case: ReviewedCase) -> tuple[object, ...]:
    review = case.review
    if review is None:
        return (case.id, case.doubt.points, "", "", "", "", "", "")
    return (
        case.id,
        case.doubt.points,
        review.verdict,
        "" if review.grade is None else review.grade,
        " ".join(review.corrected),
        round(review.changed_ml, 3),
        round(review.editing_s),
        review.comment,
    )


def _content(case: ReviewedCase) -> dict[str, Any]:
    record, review = case.record, case.review
    files = (ExportFormat.html, ExportFormat.pdf)
    return {
        "id": case.id,
        "links": {
            kind.value: f"{quote(case.id)}/{kind.file_name}"
            for kind in files
            if (case.folder / kind.file_name).is_file()
        },
        "doubt": case.doubt.points,
        "reasons": case.doubt.reasons,
        "volumesMl": {name: round(value, 2) for name, value in record.volumes_ml.items()},
        "warnings": record.input.warnings,
        "verdict": "" if review is None else review.verdict,
        "grade": None if review is None else review.grade,
        "comment": "" if review is None else review.comment,
        "picture": _thumbnail(case.folder / ExportFormat.slices.file_name),
    }


def _thumbnail(path: Path) -> str:
    """Return a small picture of the key slices as a data address; empty where there is none."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            small = picture.convert("RGB")
            small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    except OSError:
        return ""
    content = io.BytesIO()
    small.save(content, "JPEG", quality=_THUMBNAIL_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"
