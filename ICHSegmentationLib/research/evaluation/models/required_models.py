# SPDX-License-Identifier: Apache-2.0
"""Check for the companion models of an evaluated model: its detector and its verifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import MissingModelError, UnknownModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models import get_model

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry


def require_models(entry: ModelEntry, *, postprocessed: bool) -> None:
    """Refuse to evaluate a model without its detector or, with postprocessing, without its verifier.

    On a user's scan a missing verifier is only a warning, which would not show in the metrics.

    Raises
    ------
    MissingModelError
        If one of them is not installed in the folder of the model.
    """
    if entry.detector and _beside(entry, entry.detector) is None:
        raise MissingModelError(
            message("research.no_detector", model=entry.name, needed=entry.detector, folder=entry.folder)
        )
    verifier_sha256(entry, postprocessed=postprocessed)


def verifier_sha256(entry: ModelEntry, *, postprocessed: bool) -> str | None:
    """Return the checksum of the weights of the verifier; None without a verifier or without postprocessing.

    Raises
    ------
    MissingModelError
        If the verifier is not installed in the folder of the model.
    """
    if not (postprocessed and entry.verifier):
        return None
    verifier = _beside(entry, entry.verifier)
    if verifier is None:
        raise MissingModelError(
            message("research.no_verifier", model=entry.name, needed=entry.verifier, folder=entry.folder)
        )
    return verifier.sha256


def _beside(entry: ModelEntry, name: str) -> ModelEntry | None:
    """Return a model installed in the same folder, or None."""
    try:
        found = get_model(name, folder=entry.folder)
    except (MissingModelError, UnknownModelError):
        return None
    return found if found.path.is_file() else None
