# SPDX-License-Identifier: Apache-2.0
"""``slicer.i18n``: texts stay English; the texts asked for are kept."""

from __future__ import annotations

import re

asked: set[str] = set()


def tr(text: str) -> str:
    """Text in the application's language; what is not a constant text cannot be translated."""
    if not isinstance(text, str):
        message = f"tr() takes a text, not {type(text).__name__}"
        raise TypeError(message)
    asked.add(text)
    return text


def translate(context: str, text: str) -> str:
    """Text of a given context."""
    if not re.fullmatch(r"[\w.]+", context):
        message = f"{context!r} is not a translation context"
        raise ValueError(message)
    return tr(text)
