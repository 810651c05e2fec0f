# SPDX-License-Identifier: Apache-2.0
"""Which subtypes a model tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import MissingModelError, UnknownModelError
from ICHSegmentationLib.models.manifest import get_model

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry


def output_subtypes(entry: ModelEntry) -> tuple[str, ...]:
    """Return the names that the blood of a model's labels may have.

    Of two stages they are the detector's, whose boxes name the blood; without it, only the reader's boxes do.
    """
    if not entry.detector:
        return entry.classes[1:]
    try:
        return get_model(entry.detector, folder=entry.folder).classes[1:]
    except (MissingModelError, UnknownModelError):
        return entry.classes[1:]
