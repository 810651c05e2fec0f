# SPDX-License-Identifier: Apache-2.0
"""``slicer.modules.volumes`` and the like: modules of which the harness has the logic only."""

from __future__ import annotations

from typing import Any, NamedTuple


class LogicModule(NamedTuple):
    """A loadable module without its panel."""

    name: str
    logic_object: Any

    def logic(self) -> Any:
        """The module's logic."""
        return self.logic_object
