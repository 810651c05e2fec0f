# SPDX-License-Identifier: Apache-2.0
"""Name the first wrong value of a file that pydantic refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def first_problem(error: ValidationError, *, whole: str = "the whole file") -> tuple[str, str]:
    """Return the place of the first wrong value and what is wrong with it.

    Parameters
    ----------
    error : pydantic.ValidationError
        What the model raised.
    whole : str
        Place of a problem that is not of a single field.

    Returns
    -------
    place : str
        Names and indices of the field, joined by dots: ``boxes.0.subtype``.
    problem : str
        A sentence: the `Message` that our validator raised, else pydantic's own text.
    """
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or whole
    own = first.get("ctx", {}).get("error")
    if isinstance(own, ValueError) and own.args:
        return place, own.args[0]
    return place, f"{first['msg']}."
