# SPDX-License-Identifier: Apache-2.0
"""Base of all stand-ins, which have the names of the allow-list and no others."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from slicer_harness.stand_ins.allow_list import API, Api


class StandIn:
    """Mix-in of a stand-in; the class has the name of Slicer's class."""

    @classmethod
    @cache
    def interfaces(cls) -> tuple[Api, ...]:
        """Return the allow-list entries of the class and its bases, own first."""
        name = next(each.__name__ for each in cls.__mro__ if each.__name__ in API)
        found = []
        while name in API:
            found.append(API[name])
            name = API[name].extends
        return tuple(found)

    @classmethod
    @cache
    def property_names(cls) -> frozenset[str]:
        """Properties that Slicer's class has beyond Qt's."""
        return frozenset(name for api in cls.interfaces() for name in api.properties.split())

    @classmethod
    @cache
    def signal_names(cls) -> dict[str, str]:
        """Return the signatures of the signals in Slicer, each with that in the stand-in's meta object."""
        signals = [each for api in cls.interfaces() for each in api.signals.split()]
        return {each: re.sub(r"vtk\w+\*", "PyObject", each) for each in signals}

    @classmethod
    @cache
    def slot_names(cls) -> frozenset[str]:
        """Signatures of the slots."""
        return frozenset(each for api in cls.interfaces() for each in api.slots.split())

    @classmethod
    @cache
    def names(cls) -> frozenset[str]:
        """Return all names that Python sees in Slicer beyond those of Qt."""
        called = [name for api in cls.interfaces() for name in api.invokables.split()]
        signatures = [*cls.signal_names(), *cls.slot_names()]
        return frozenset([*cls.property_names(), *called, *(each.partition("(")[0] for each in signatures)])

    def __getattr__(self, name: str) -> Any:
        if name in type(self).names():
            message = f"{type(self).__name__}.{name} exists in Slicer, but the harness's stand-in has not got it yet"
            raise NotImplementedError(message)
        message = (
            f"{type(self).__name__} has no {name!r}; PythonQt shows properties, signals, slots and invokables only"
        )
        raise AttributeError(message)
