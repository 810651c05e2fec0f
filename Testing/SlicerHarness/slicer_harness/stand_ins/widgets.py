# SPDX-License-Identifier: Apache-2.0
"""Widgets with a scene."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slicer_harness.stand_ins.base import StandIn


class qMRMLWidget(StandIn, QWidget):
    """Widget with a scene; its children are connected to it in the .ui file."""

    mrmlSceneChanged = Signal(object)
    _scene: Any = None

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Set the scene and emit the signal for the children."""
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


class qSlicerWidget(StandIn, QWidget):
    """Base of the application's widgets with a scene."""

    mrmlSceneChanged = Signal(object)
    _scene: Any = None
    mrmlScene = qMRMLWidget.mrmlScene
    setMRMLScene = qMRMLWidget.setMRMLScene
