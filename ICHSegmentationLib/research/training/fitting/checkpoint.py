# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of interrupted runs."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import torch

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_bytes


class Stateful(Protocol):
    """Object with a state that can be stored."""

    def state_dict(self) -> Any:
        """Return the state."""

    def load_state_dict(self, state: Any) -> Any:
        """Restore a state."""


def write_checkpoint(path: Path, parts: Mapping[str, Stateful], progress: Mapping[str, Any]) -> None:
    """Write the states of the parts and the progress of the run, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"progress": dict(progress)} | {name: part.state_dict() for name, part in parts.items()}
    # In memory first: torch raises a RuntimeError where the disk is full.
    buffer = BytesIO()
    torch.save(state, buffer)
    write_bytes(path, buffer.getvalue())


def read_checkpoint(path: Path, parts: Mapping[str, Stateful], device: torch.device) -> dict[str, Any] | None:
    """Restore the states of the parts and return the progress of the run, or None if there is no checkpoint.

    Raises
    ------
    InputError
        If the file is not a checkpoint of these parts.
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
