# SPDX-License-Identifier: Apache-2.0
"""Locations of the shipped files and of the settings of the user."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parents[1]


def resource_path(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    In a wheel and an installed extension ``Resources`` is inside the package; in a clone (and an editable installation)
    it is beside the package.

    Parameters
    ----------
    *parts : str
        Path below ``Resources``, such as ``"Models", "manifest.json"``.
    """
    inside = _PACKAGE / "Resources"
    return (inside if inside.is_dir() else _PACKAGE.parent / "Resources").joinpath(*parts)


def settings_folder() -> Path:
    """Return the folder of the settings: ICHSEG_CONFIG if set, else the default of the platform."""
    chosen = os.environ.get("ICHSEG_CONFIG")
    return Path(chosen) if chosen else platformdirs.user_config_path("ichseg", appauthor=False)
