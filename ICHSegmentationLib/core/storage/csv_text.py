# SPDX-License-Identifier: Apache-2.0
"""CSV whose cells no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV.

    A text that a spreadsheet would run as a formula, such as the file name ``=HYPERLINK(...)``, is preceded by an
    apostrophe, as spreadsheets do it (OWASP, "CSV injection"). Numbers keep their sign. A carriage return becomes a
    space, since Python's writer leaves it as the end of a row.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe_cell(value: object) -> object:
    """Return a value of a cell, preceded by an apostrophe if it is a text that would be a formula."""
    if not isinstance(value, str):
        return value
    text = value.replace("\r", " ")
    if not value.startswith(_STARTS_OF_FORMULAS):
        return text
    try:
        float(value)
    except ValueError:
        return f"'{text}"
    return value
