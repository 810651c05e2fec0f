# SPDX-License-Identifier: Apache-2.0
"""Resolve the parts of the training that a system names."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PACKAGE = __name__.rpartition(".")[0]


def load_hook(name: str) -> Any:
    """Return the object of "module:name" below this package; see `ICHSegmentationLib.systems.TrainingHooks`."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(f"{_PACKAGE}.{module}"), attribute)
