# SPDX-License-Identifier: Apache-2.0
"""Where the user's own settings lie."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def configuration_folder() -> Path:
    """Return the folder of the user's settings: ICHSEG_CONFIG if set, else the platform's place for them."""
    chosen = os.environ.get("ICHSEG_CONFIG")
    return Path(chosen) if chosen else platformdirs.user_config_path("ichseg", appauthor=False)
