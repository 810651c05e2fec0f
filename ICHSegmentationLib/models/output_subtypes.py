# SPDX-License-Identifier: Apache-2.0
"""Subtypes that a model distinguishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import MissingModelError, UnknownModelError
from ICHSegmentationLib.models.manifest import get_model

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry


def output_subtypes(entry: ModelEntry) -> tuple[str, ...]:
    """Return the subtypes that a model's label maps can contain.

    For a two-stage model these are the detector's, whose boxes name the subtype. Without the detector only boxes drawn
    by the user do.
    """
    if not entry.detector:
        return entry.classes[1:]
    try:
        return get_model(entry.detector, folder=entry.folder).classes[1:]
    except (MissingModelError, UnknownModelError):
        return entry.classes[1:]
