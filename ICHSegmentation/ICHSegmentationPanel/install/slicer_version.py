# SPDX-License-Identifier: Apache-2.0
"""Check of the Slicer version."""

from __future__ import annotations

import re

import slicer
from slicer.i18n import tr as _

# slicer.packaging came with 5.11, of which there is no stable release.
FLOOR = (5, 12)
# The next major version may have incompatible changes.
CEILING = (6, 0)


def too_old() -> str | None:
    """Return a message if this Slicer is older than the minimum; else None."""
    if _version() >= FLOOR:
        return None
    return _("This module needs 3D Slicer {floor} or later; this is {version}.").format(
        floor=_text(FLOOR), version=slicer.app.applicationVersion
    )


def too_new() -> str | None:
    """Return a message if this Slicer is newer than the tested versions; else None."""
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
