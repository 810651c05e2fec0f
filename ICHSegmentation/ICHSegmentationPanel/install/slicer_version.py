# SPDX-License-Identifier: Apache-2.0
"""Whether this Slicer is one that the module was made for."""

from __future__ import annotations

import re

import slicer
from slicer.i18n import tr as _

# slicer.packaging came with 5.11, of which there is no stable release.
FLOOR = (5, 12)
# The next major version may change what the module builds on.
CEILING = (6, 0)


def too_old() -> str | None:
    """Return a sentence if this Slicer is below the floor."""
    if _version() >= FLOOR:
        return None
    return _("This module needs 3D Slicer {floor} or later; this is {version}.").format(
        floor=_text(FLOOR), version=slicer.app.applicationVersion
    )


def too_new() -> str | None:
    """Return a sentence if this Slicer is at or above the ceiling, so that nobody knows how the module does there."""
    if _version() < CEILING:
        return None
    return _("This module was made for 3D Slicer {floor} up to {ceiling}; this is {version}.").format(
        floor=_text(FLOOR), ceiling=_text(CEILING), version=slicer.app.applicationVersion
    )


def _version() -> tuple[int, int]:
    match = re.match(r"(\d+)\.(\d+)", slicer.app.applicationVersion)
    return (int(match.group(1)), int(match.group(2))) if match else FLOOR


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
