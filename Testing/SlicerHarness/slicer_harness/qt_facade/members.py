# SPDX-License-Identifier: Apache-2.0
"""Names in the meta objects of Qt's classes, read once, because PySide's view may be deleted with an instance."""

from __future__ import annotations

from typing import Any, NamedTuple

from PySide6.QtCore import QMetaMethod


class Members(NamedTuple):
    """Members of a class and its bases; signals and slots as signatures."""

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
    """Return the members of a class, or of its nearest base in Qt."""
    return next(_members[each] for each in qt_class.__mro__ if each in _members)


def signature(text: Any) -> str:
    """Signature as text."""
    return text if isinstance(text, str) else bytes(text.data()).decode()
