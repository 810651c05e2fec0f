# SPDX-License-Identifier: Apache-2.0
"""The models that another one needs on a user's scan, so that its evaluation is of the whole way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import MissingModelError, UnknownModelError
from ICHSegmentationLib.models import get_model

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry


def require_models(entry: ModelEntry, *, cleaned: bool) -> None:
    """Refuse to evaluate a model without its detector, or, with the cleaning, without its second reader.

    On a user's scan a missing second reader is a warning only, which no figure would tell.

    Raises
    ------
    MissingModelError
        If one of them is not installed beside the model.
    """
    if entry.detector:
        _beside(entry, f"needs the detector {entry.detector}", entry.detector)
    second_reader_sha256(entry, cleaned=cleaned)


def second_reader_sha256(entry: ModelEntry, *, cleaned: bool) -> str | None:
    """Return the checksum of the weights that take part as second reader; None without one, or without the cleaning.

    Raises
    ------
    MissingModelError
        If it is not installed beside the model.
    """
    if not (cleaned and entry.verifier):
        return None
    what = f"asks the second reader {entry.verifier}"
    return _beside(entry, what, entry.verifier, otherwise=", or add --no-cleaning").sha256


def _beside(entry: ModelEntry, what: str, name: str, *, otherwise: str = "") -> ModelEntry:
    try:
        found = get_model(name, folder=entry.folder)
    except (MissingModelError, UnknownModelError):
        found = None
    if found is None or not found.path.is_file():
        either = "," if otherwise else " or"
        message = (
            f"{entry.name} {what}, which is not installed in {entry.folder}; copy its files and its entry of "
            f"manifest.json there{either} evaluate {entry.name} where both are installed{otherwise}."
        )
        raise MissingModelError(message)
    return found
