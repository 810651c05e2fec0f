# SPDX-License-Identifier: Apache-2.0
"""An installation of the package without trained models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.models import manifest

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def install_without_models(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder that of the installed models."""
    manifest.built_in_entry()  # cached; it is read from the package's own folder
    monkeypatch.setattr(manifest, "MODELS_FOLDER", folder)
    monkeypatch.delenv("ICHSEG_MODELS", raising=False)
