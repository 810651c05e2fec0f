# SPDX-License-Identifier: Apache-2.0
"""Find the systems that the modules of this package declare."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ICHSegmentationLib.systems.spec import SystemSpec

_PACKAGE = __name__.rpartition(".")[0]


@cache
def _systems() -> Mapping[str, SystemSpec]:
    found: dict[str, SystemSpec] = {}
    for module in pkgutil.iter_modules(import_module(_PACKAGE).__path__):
        for spec in getattr(import_module(f"{_PACKAGE}.{module.name}"), "SYSTEMS", ()):
            if spec.name in found:
                raise ValueError(message("systems.two_named", name=spec.name))
            found[spec.name] = spec
    return MappingProxyType(found)


def system_names() -> tuple[str, ...]:
    """Return the names of all systems, by module and in the order of declaration."""
    return tuple(_systems())


def check_preset(system: str, preset: str) -> None:
    """Raise `ValueError`, with the known names, unless a system has this preset."""
    if system not in system_names() or preset not in get_system(system).presets:
        known = ", ".join(f"{name}/{size}" for name in system_names() for size in get_system(name).presets)
        raise ValueError(message("systems.no_network", system=system, preset=preset, known=known))


def get_system(name: str) -> SystemSpec:
    """Return a system by its name.

    Raises
    ------
    KeyError
        If there is no such system.
    """
    return _systems()[name]
