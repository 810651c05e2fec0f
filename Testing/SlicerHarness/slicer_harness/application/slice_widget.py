# SPDX-License-Identifier: Apache-2.0
"""A slice view: real slice logic, real displayable managers, one actor for the volume's slice."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slicer_harness.application.render_view import RenderView
from slicer_harness.observers import OwnObservers
from slicer_harness.stand_ins.base import StandIn

_MANAGERS = (
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
)


class qMRMLSliceView(RenderView):
    """Picture of a slice."""

    def __init__(self, logic: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._logic = logic
        self._observers = OwnObservers()
        self._group: Any = None

    def _fill(self) -> None:
        # CTK's light box, which draws the volume in Slicer, is not in slicer-core: one image actor replaces it.
        mapper = vtk.vtkImageMapper()
        mapper.SetInputConnection(self._logic.GetImageDataConnection())
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(mapper)
        self._actor.SetLayerNumber(0)
        self._renderer.AddViewProp(self._actor)
        self._renderer.AddViewProp(self._annotation)
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        for name in _MANAGERS:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self._group.Initialize(factory, self._renderer)
        self._resized()
        self._group.SetMRMLDisplayableNode(self.mrmlSliceNode())
        for subject, event in (
            (self._group, "UpdateEvent"),
            (self.mrmlSliceNode(), "ModifiedEvent"),
            (self._logic, "ModifiedEvent"),
        ):
            self._observers.add(subject, event, self._changed)

    def _empty(self) -> None:
        self._observers.remove_all()
        self._group.SetMRMLDisplayableNode(None)
        self._group = None

    def _resized(self) -> None:
        width, height = self._window.GetSize()
        self._logic.ResizeSliceNode(width, height)

    def _draw(self) -> None:
        connected = self._logic.GetImageDataConnection()
        self._actor.SetVisibility(connected is not None)
        self._actor.GetMapper().SetInputConnection(connected)
        super()._draw()

    def mrmlSliceNode(self) -> Any:
        """Node of the view."""
        return self._logic.GetSliceNode()

    def getDisplayableManagers(self, collection: Any) -> None:
        """Add the view's displayable managers to a collection."""
        self.renderWindow()
        for index in range(self._group.GetDisplayableManagerCount()):
            collection.AddItem(self._group.GetNthDisplayableManager(index))

    def convertRASToXYZ(self, ras: list[float]) -> list[float]:
        """Pixel of a point."""
        matrix = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.mrmlSliceNode().GetXYToRAS(), matrix)
        return list(matrix.MultiplyPoint((*ras, 1.0))[:3])

    def convertXYZToRAS(self, xyz: list[float]) -> list[float]:
        """Point of a pixel."""
        return list(self.mrmlSliceNode().GetXYToRAS().MultiplyPoint((*xyz, 1.0))[:3])


class qMRMLSliceControllerWidget(StandIn, QWidget):
    """The part of a slice view's controller bar that Python calls."""

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self._logic = logic

    def mrmlSliceNode(self) -> Any:
        """Node of the view."""
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self) -> Any:
        """Layers of the view."""
        return self._logic.GetSliceCompositeNode()

    def sliceLogic(self) -> Any:
        """Logic of the view."""
        return self._logic

    def fitSliceToBackground(self) -> None:
        """Fit the field of view to the volume."""
        self._logic.FitSliceToBackground()

    def setSliceVisible(self, shown: bool) -> None:
        """Show the slice in 3D."""
        self.mrmlSliceNode().SetSliceVisible(shown)

    def setSliceOffsetValue(self, offset: float) -> None:
        """Set the slice offset."""
        self._logic.SetSliceOffset(offset)

    def rotateSliceToLowestVolumeAxes(self) -> None:
        """Rotate the slice to the axes of the volume."""
        self._logic.RotateSliceToLowestVolumeAxes()


class qMRMLSliceWidget(StandIn, QWidget):
    """Slice view with its controller bar."""

    def __init__(self, logic: Any) -> None:
        super().__init__()
        self._logic = logic
        self._view = qMRMLSliceView(logic)
        self._controller = qMRMLSliceControllerWidget(logic)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def sliceView(self) -> Any:
        """The picture."""
        return self._view

    viewWidget = sliceView

    def sliceLogic(self) -> Any:
        """Logic of the view."""
        return self._logic

    logic = sliceLogic

    def sliceController(self) -> Any:
        """The bar."""
        return self._controller

    controllerWidget = sliceController

    def mrmlSliceNode(self) -> Any:
        """Node of the view."""
        return self._logic.GetSliceNode()

    mrmlAbstractViewNode = mrmlSliceNode

    def mrmlSliceCompositeNode(self) -> Any:
        """Layers of the view."""
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self) -> None:
        """Fit the field of view to the volume."""
        self._logic.FitSliceToBackground()

    def setSliceOrientation(self, orientation: str) -> None:
        """Set the orientation of the view."""
        self.mrmlSliceNode().SetOrientation(orientation)

    sliceOrientation = Property(str, lambda self: self.mrmlSliceNode().GetOrientation(), setSliceOrientation)
    sliceViewName = Property(str, lambda self: self.mrmlSliceNode().GetLayoutName())
