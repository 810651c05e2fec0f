# SPDX-License-Identifier: Apache-2.0
"""Restrict setting attributes as PythonQt does: to properties, and new names only on classes derived in Python."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from PySide6.QtCore import Property, QObject


def is_slicers_own(qt_class: type) -> bool:
    """Whether the class is a C++ class in Slicer rather than one that module code derived."""
    return qt_class.__module__.startswith(("PySide6.", "slicer_harness."))


_dropping: list[bool] = []


@contextmanager
def dropping_new_attributes() -> Generator[None]:
    """Ignore new names: PySide's form loader sets each child as an attribute of the root, which Qt's does not."""
    _dropping.append(True)
    yield
    _dropping.pop()


def guard_attributes(qt_class: type[QObject]) -> None:
    """Make ``qt_class`` reject unknown names."""
    qt_class.__setattr__ = _set_attribute  # type: ignore[method-assign, assignment]


def _set_attribute(self: QObject, name: str, value: Any) -> None:
    known = next((vars(each)[name] for each in type(self).__mro__ if name in vars(each)), None)
    if isinstance(known, Property):
        if known.fset is None:
            message = f"{type(self).__name__}.{name} can only be read"
            raise AttributeError(message)
        known.fset(self, value)
    elif hasattr(type(known), "__set__"):
        known.__set__(self, value)  # type: ignore[union-attr]
    elif _dropping and isinstance(value, QObject) and not name.startswith("_"):
        return
    elif _may_be_new(type(self), name):
        self.__dict__[name] = value
    elif known is not None:
        message = f"{name!r} can not be overwritten on {type(self).__name__}"
        raise AttributeError(message)
    elif name in [bytes(each.data()).decode() for each in self.dynamicPropertyNames()]:
        self.setProperty(name, value)
    else:
        message = f"{name!r} does not exist on {type(self).__name__}, and C++ objects take no new attributes"
        raise AttributeError(message)


def _may_be_new(qt_class: type, name: str) -> bool:
    if not is_slicers_own(qt_class):
        return True
    # A stand-in may keep private state, and properties that only store their value.
    is_stand_in = not qt_class.__module__.startswith("PySide6.")
    return is_stand_in and (name.startswith("_") or name in getattr(qt_class, "property_names", frozenset)())
