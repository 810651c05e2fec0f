# SPDX-License-Identifier: Apache-2.0
"""Locations of the files that ship with the library and of the user's own settings."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parents[1]


def resource_path(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    A wheel and an installed extension hold ``Resources`` inside the package, a clone (also an editable installation
    of it) holds it beside the package.

    Parameters
    ----------
    *parts : str
        Path below ``Resources``, as ``"Models", "manifest.json"``.
    """
    inside = _PACKAGE / "Resources"
    return (inside if inside.is_dir() else _PACKAGE.parent / "Resources").joinpath(*parts)


def settings_folder() -> Path:
    """Return the folder of the user's settings: ICHSEG_CONFIG if set, else the platform's place for them."""
    chosen = os.environ.get("ICHSEG_CONFIG")
    return Path(chosen) if chosen else platformdirs.user_config_path("ichseg", appauthor=False)
