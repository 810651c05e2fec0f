# SPDX-License-Identifier: Apache-2.0
"""A companion model without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.models import Companion
from ICHSegmentationLib.systems import build

if TYPE_CHECKING:
    import pytest

    from ICHSegmentationLib.models import ModelEntry, Runtime


class LoadedCompanion(Companion):
    """A companion with a given runtime."""

    def load(self, _where) -> Runtime:
        """Return the runtime that was given as its builder."""
        return self.build


def install_companion(monkeypatch: pytest.MonkeyPatch, entry: ModelEntry | None, runtime: object = None) -> None:
    """Make every companion that a model names this one; None for one that is not installed."""

    def find(name: str, *_, **__) -> Companion | None:
        return LoadedCompanion(name, entry, runtime) if name else None

    monkeypatch.setattr(build, "find_companion", find)
