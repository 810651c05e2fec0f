# SPDX-License-Identifier: Apache-2.0
"""The 3D view: real displayable managers in an off-screen window."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slicer_harness.application.render_view import RenderView
from slicer_harness.observers import OwnObservers
from slicer_harness.stand_ins.base import StandIn

_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
)


class qMRMLThreeDView(RenderView):
    """Picture in three dimensions."""

    def __init__(self, logic: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._node = logic.GetViewNode()  # the logic drops it once displayable managers exist
        self._observers = OwnObservers()
        self._group: Any = None

    def _fill(self) -> None:
        self._renderer.AddViewProp(self._annotation)
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        factory = slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance()
        for name in _MANAGERS:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self._group.Initialize(factory, self._renderer)
        self._group.SetMRMLDisplayableNode(self.mrmlViewNode())
        self._observers.add(self._group, "UpdateEvent", self._changed)
        self._observers.add(self.mrmlViewNode(), "ModifiedEvent", self._changed)

    def _empty(self) -> None:
        self._observers.remove_all()
        self._group.SetMRMLDisplayableNode(None)
        self._group = None

    def mrmlViewNode(self) -> Any:
        """Node of the view."""
        return self._node

    def cameraNode(self) -> Any:
        """Return the camera node, which is created with the window."""
        self.renderWindow()
        cameras = slicer.vtkSlicerCamerasModuleLogic()
        cameras.SetMRMLScene(self.mrmlViewNode().GetScene())
        return cameras.GetViewActiveCameraNode(self.mrmlViewNode())

    def getDisplayableManagers(self, collection: Any) -> None:
        """Add the view's displayable managers to a collection."""
        self.renderWindow()
        for index in range(self._group.GetDisplayableManagerCount()):
            collection.AddItem(self._group.GetNthDisplayableManager(index))

    def resetCamera(self, _rotation: bool = True, _translation: bool = True, _distance: bool = True) -> None:
        """Fit the camera to the contents."""
        self.renderWindow()
        self._renderer.ResetCamera()
        self.scheduleRender()

    def resetFocalPoint(self) -> None:
        """Set the focal point to the centre of the contents."""
        self.renderWindow()
        bounds = self._renderer.ComputeVisiblePropBounds()
        if bounds[0] <= bounds[1]:
            center = [(bounds[2 * axis] + bounds[2 * axis + 1]) / 2 for axis in range(3)]
            camera = self._renderer.GetActiveCamera()
            shift = [new - old for new, old in zip(center, camera.GetFocalPoint(), strict=True)]
            camera.SetPosition([old + by for old, by in zip(camera.GetPosition(), shift, strict=True)])
            camera.SetFocalPoint(center)
        self.scheduleRender()

    def rotateToViewAxis(self, axis: int | str) -> None:
        """Look along an axis: right, left, posterior, anterior, inferior or superior."""
        labels = ["R", "L", "P", "A", "I", "S"]
        name = labels[axis] if isinstance(axis, int) else axis
        toward = {"R": (1, 0, 0), "L": (-1, 0, 0), "P": (0, -1, 0), "A": (0, 1, 0), "I": (0, 0, -1), "S": (0, 0, 1)}[
            name
        ]
        self.renderWindow()
        camera = self._renderer.GetActiveCamera()
        focus, distance = camera.GetFocalPoint(), camera.GetDistance()
        camera.SetViewUp((0, 0, 1) if name in "RLPA" else (0, 1, 0))
        camera.SetPosition([at + distance * by for at, by in zip(focus, toward, strict=True)])
        self.scheduleRender()


class qMRMLThreeDWidget(StandIn, QWidget):
    """3D view; its controller bar is not drawn."""

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self._logic = logic
        self._view = qMRMLThreeDView(logic)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def threeDView(self) -> Any:
        """The picture."""
        return self._view

    viewWidget = threeDView

    def mrmlViewNode(self) -> Any:
        """Node of the view."""
        return self._view.mrmlViewNode()

    mrmlAbstractViewNode = mrmlViewNode

    def viewLogic(self) -> Any:
        """Logic of the view."""
        return self._logic

    logic = viewLogic
