# SPDX-License-Identifier: Apache-2.0
"""Observers of the harness, and a list of those that module code left behind."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import shiboken6
import vtk
from PySide6.QtCore import QObject

_own: set[tuple[str, int]] = set()


class OwnObservers:
    """Observers that the harness owns; they are not reported as left behind."""

    def __init__(self) -> None:
        self._kept: list[tuple[Any, int]] = []

    def add(self, subject: Any, event: Any, method: Callable[..., Any]) -> None:
        """Call a method on an event of ``subject``; holds only a weak reference to the method's object."""
        weak = weakref.WeakMethod(method)

        def call(*arguments: Any) -> None:
            alive = weak()
            if alive is not None and _exists(alive.__self__):
                alive(*arguments)

        if hasattr(method, "CallDataType"):
            call.CallDataType = method.CallDataType  # type: ignore[attr-defined]  VTK asks for it
        tag = subject.AddObserver(event, call)
        self._kept.append((subject, tag))
        _own.add((subject.GetAddressAsString(""), tag))

    def remove_all(self) -> None:
        """Remove all observers."""
        for subject, tag in self._kept:
            subject.RemoveObserver(tag)
            _own.discard((subject.GetAddressAsString(""), tag))
        self._kept.clear()

    def __del__(self) -> None:
        self.remove_all()


def _exists(owner: Any) -> bool:
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)


def left_behind(scene: Any) -> list[str]:
    """Return one line for each Python observer of the scene, its nodes and their segmentations."""
    return [
        f"{subject.GetClassName()} {getattr(subject, 'GetName', str)() or ''} is still observed"
        for subject in _subjects(scene)
        for tag in _python_tags(subject)
        if (subject.GetAddressAsString(""), tag) not in _own
    ]


def _subjects(scene: Any) -> Iterator[Any]:
    yield scene
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        yield node
        if node.IsA("vtkMRMLSegmentationNode"):
            yield node.GetSegmentation()
        if node.IsA("vtkMRMLVolumeNode") and node.GetImageData() is not None:
            yield node.GetImageData()


def _python_tags(subject: Any) -> list[int]:
    # Tags count up, so the tag of a new observer is the upper limit of those to check.
    end = subject.AddObserver("UserEvent", _nothing)
    subject.RemoveObserver(end)
    commands = ((tag, subject.GetCommand(tag)) for tag in range(1, end))
    return [tag for tag, command in commands if command is not None and _is_python(command)]


def _is_python(command: vtk.vtkObjectBase) -> bool:
    return command.GetClassName() == "vtkPythonCommand" or "vtkPythonCommand" in repr(command)


def _nothing(*_arguments: Any) -> None:
    """Do nothing; an observer needs a callback."""
