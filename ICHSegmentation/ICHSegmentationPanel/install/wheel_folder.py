# SPDX-License-Identifier: Apache-2.0
"""Installation from a folder of wheels, for computers without network."""

from __future__ import annotations

from pathlib import Path

from slicer.i18n import tr as _


def missing_from_folder(folder: Path, names: list[str]) -> str | None:
    """Return a message about packages without a usable wheel in a folder; None if none is missing.

    Dependencies of the packages are not checked.
    """
    # Included in Slicer; imported late, so that an older Slicer can report that it is too old.
    from packaging.tags import sys_tags
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

    usable = set(sys_tags())
    found = set()
    wheels = sorted(folder.glob("*.whl"))
    for wheel in wheels:
        try:
            name, _version, _build, tags = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename:
            continue
        if tags & usable:
            found.add(name)
    lacking = [name for name in names if canonicalize_name(name) not in found]
    if not lacking:
        return None
    if not wheels:
        return _("There are no wheel files (.whl) in {folder}.").format(folder=folder.name)
    return _("The folder {folder} has no wheel file for this system of: {names}.").format(
        folder=folder.name, names=", ".join(lacking)
    )
