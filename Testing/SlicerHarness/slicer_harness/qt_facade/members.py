# SPDX-License-Identifier: Apache-2.0
"""Names in the meta objects of Qt's classes, read once: PySide's view of one may go with an instance."""

from __future__ import annotations

from typing import Any, NamedTuple

from PySide6.QtCore import QMetaMethod


class Members(NamedTuple):
    """Names of one class and of those it derives from; signals and slots as signatures."""

    properties: frozenset[str]
    signals: frozenset[str]
    slots: frozenset[str]


_members: dict[type, Members] = {}


def read_members(qt_class: Any) -> None:
    """Read the meta object of a class of PySide6."""
    meta = qt_class.staticMetaObject
    methods = [meta.method(index) for index in range(meta.methodCount())]
    kinds = QMetaMethod.MethodType
    _members[qt_class] = Members(
        frozenset(meta.property(index).name() for index in range(meta.propertyCount())),
        frozenset(signature(each.methodSignature()) for each in methods if each.methodType() == kinds.Signal),
        frozenset(signature(each.methodSignature()) for each in methods if each.methodType() == kinds.Slot),
    )


def members_of(qt_class: type) -> Members:
    """Names of the class, or of the nearest one of Qt that it derives from."""
    return next(_members[each] for each in qt_class.__mro__ if each in _members)


def signature(text: Any) -> str:
    """Signature as text."""
    return text if isinstance(text, str) else bytes(text.data()).decode()
