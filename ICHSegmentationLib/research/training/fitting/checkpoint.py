# SPDX-License-Identifier: Apache-2.0
"""The state of an interrupted run on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.files import atomic_path
from ICHSegmentationLib.core.messages import message


class Stateful(Protocol):
    """What has a state that can be kept."""

    def state_dict(self) -> Any:
        """Return the state."""

    def load_state_dict(self, state: Any) -> Any:
        """Take a state."""


def write_checkpoint(path: Path, parts: Mapping[str, Stateful], progress: Mapping[str, Any]) -> None:
    """Write the parts' states and the run's own figures, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        torch.save({"progress": dict(progress)} | {name: part.state_dict() for name, part in parts.items()}, temporary)


def read_checkpoint(path: Path, parts: Mapping[str, Stateful], device: torch.device) -> dict[str, Any] | None:
    """Give the parts their states back and return the run's own figures, or None without a checkpoint.

    Raises
    ------
    InputError
        If the file is no checkpoint of these parts.
    """
    if not path.exists():
        return None
    try:
        saved = torch.load(path, map_location=device, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(saved[name])
        progress: dict[str, Any] = saved["progress"]
    except Exception as error:
        raise InputError(message("research.damaged_checkpoint", path=path)) from error
    return progress
