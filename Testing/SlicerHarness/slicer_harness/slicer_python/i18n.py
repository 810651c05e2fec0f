# SPDX-License-Identifier: Apache-2.0
"""``slicer.i18n`` without translations; records the texts that were requested."""

from __future__ import annotations

import re

asked: set[str] = set()


def tr(text: str) -> str:
    """Return the text in the application's language; it must be constant to be translatable."""
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
