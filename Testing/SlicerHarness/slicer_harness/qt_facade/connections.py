# SPDX-License-Identifier: Apache-2.0
"""``sender.connect("clicked(bool)", f)`` and ``disconnect``; the signature must exist."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import shiboken6
from PySide6.QtCore import SIGNAL, QMetaObject, QObject, Signal

from slicer_harness.qt_facade.allowed import REFUSED
from slicer_harness.qt_facade.attributes import is_slicers_own
from slicer_harness.qt_facade.members import members_of, signature

_connect = QObject.connect
_disconnect = QObject.disconnect


_REFUSED = {name for names in REFUSED.values() for name in names}


class Connection(NamedTuple):
    """Signal of one sender, its receiver, and the function that Qt calls."""

    signal: str
    receiver: Callable[..., Any]
    target: Callable[..., Any]


# PySide may recreate its Python wrapper; the connection belongs to the C++ object.
_connections: dict[int, list[Connection]] = {}


def give_connections(qt_class: type[QObject]) -> None:
    """Add PythonQt's ``connect`` and ``disconnect`` to a class; PySide resolves these names in ``__getattribute__``."""
    plain = vars(qt_class).get("__getattribute__")
    if plain is None:
        return

    def getattribute(self: QObject, name: str) -> Any:
        if name == "connect":
            return partial(connect, self)
        if name == "disconnect":
            return partial(disconnect, self)
        if name in _REFUSED:
            _refuse(type(self), name)
        return plain(self, name)

    qt_class.__getattribute__ = getattribute  # type: ignore[method-assign, assignment]


def _refuse(qt_class: type, name: str) -> None:
    reason = next(
        (REFUSED[each.__name__].get(name) for each in qt_class.__mro__ if name in REFUSED.get(each.__name__, ())), None
    )
    if reason is not None and is_slicers_own(qt_class):
        message = f"{qt_class.__name__}.{name} is not in Slicer's qt ({reason})"
        raise AttributeError(message)


def connect(sender: QObject, signal: str, receiver: Any, slot: str | None = None) -> bool:
    """Connect a signal to a callable, or to a named slot of another object."""
    found = signal_of(sender, signal)
    called = slot_of(receiver, slot) if slot is not None else receiver
    if not callable(called):
        message = f"{called!r} is not callable, so that {signal} cannot call it"
        raise TypeError(message)
    pointer = shiboken6.getCppPointer(sender)[0]
    if pointer not in _connections:
        _connections[pointer] = []
        _connect(sender, SIGNAL("destroyed()"), lambda: _connections.pop(pointer, None))
    wanted = _wanted_arguments(called)
    target = lambda *arguments: _call(called, arguments[:wanted])  # noqa: E731  PySide looks at a lambda's own arguments
    _connections[pointer].append(Connection(found, called, target))
    return _connect(sender, SIGNAL(found), target)


def disconnect(sender: QObject, signal: str, receiver: Callable[..., Any] | None = None) -> bool:
    """Undo :func:`connect`; return False if there was no such connection, as in Slicer."""
    found = signal_of(sender, signal)
    known = _connections.get(shiboken6.getCppPointer(sender)[0], [])
    gone = [each for each in known if each.signal == found and receiver in (None, each.receiver)]
    for each in gone:
        known.remove(each)
        _disconnect(sender, SIGNAL(found), each.target)
    return bool(gone)


def connections_of(sender: QObject) -> list[Connection]:
    """Connections of ``sender``'s signals to Python."""
    return list(_connections.get(shiboken6.getCppPointer(sender)[0], []))


def signal_of(sender: QObject, text: str) -> str:
    """Return the signature as Qt has it (a stand-in's types may differ); raise ValueError for an unknown signal."""
    wanted = _normalized(text)
    stand_ins: dict[str, str] = getattr(type(sender), "signal_names", dict)()
    if wanted in stand_ins:
        if not isinstance(getattr(type(sender), wanted.partition("(")[0], None), Signal):
            message = f"{type(sender).__name__} has the signal {wanted} in Slicer, but the stand-in has not got it yet"
            raise NotImplementedError(message)
        return stand_ins[wanted]
    known = members_of(type(sender)).signals
    if wanted in known:
        return wanted
    message = f"{type(sender).__name__} has no signal {wanted}; it has {', '.join(sorted([*known, *stand_ins]))}"
    raise ValueError(message)


def slot_of(receiver: QObject, text: str) -> Callable[..., Any]:
    """Return the slot of a signature such as ``setMRMLScene(vtkMRMLScene*)``; raise ValueError for an unknown one."""
    wanted = _normalized(text)
    stand_ins: set[str] = getattr(type(receiver), "slot_names", set)()
    if wanted not in stand_ins and wanted not in members_of(type(receiver)).slots:
        message = f"{type(receiver).__name__} has no slot {wanted}"
        raise ValueError(message)
    found: Callable[..., Any] = getattr(receiver, wanted.partition("(")[0])
    return found


def _normalized(text: str) -> str:
    return signature(QMetaObject.normalizedSignature(text))


def _wanted_arguments(called: Callable[..., Any]) -> int | None:
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):  # a C++ slot takes all arguments
        return None
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return None
    return sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters)


def _call(called: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        called(*arguments)
    except Exception:  # Slicer prints the exception and continues; the hook makes the test fail
        sys.excepthook(*sys.exc_info())
