# SPDX-License-Identifier: Apache-2.0
"""Loadable modules such as ``slicer.modules.volumes``, of which the harness has only the logic."""

from __future__ import annotations

from typing import Any, NamedTuple


class LogicModule(NamedTuple):
    """Loadable module without a panel."""

    name: str
    logic_object: Any

    def logic(self) -> Any:
        """The module's logic."""
        return self.logic_object
