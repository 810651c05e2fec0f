# SPDX-License-Identifier: Apache-2.0
"""The views: red, green and yellow slices and one 3D view of the real scene."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from slicer_harness.application.slice_widget import qMRMLSliceWidget
from slicer_harness.application.three_d_widget import qMRMLThreeDWidget
from slicer_harness.stand_ins.base import StandIn

_PLACES = {"Red": (0, 0), "Yellow": (1, 1), "Green": (1, 0)}


class qSlicerLayoutManager(StandIn, QObject):
    """The four-up layout; render windows are created with the first picture."""

    layoutChanged = Signal(int)
    selectModule = Signal(str)

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session
        self._layout = int(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
        self._viewport = QWidget()
        grid = QGridLayout(self._viewport)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self._slices = {name: qMRMLSliceWidget(logic) for name, logic in session.slices.items()}
        for name, place in _PLACES.items():
            grid.addWidget(self._slices[name], *place)
        self._view = qMRMLThreeDWidget(session.view)
        grid.addWidget(self._view, 0, 1)

    def close(self) -> None:
        """Release the render windows."""
        for each in [*self._slices.values(), self._view]:
            each.viewWidget().close_rendering()

    def viewport(self) -> QWidget:
        """The widget with all views."""
        return self._viewport

    def setLayout(self, layout: int) -> None:
        """Switch the layout: four-up, or one view alone."""
        node = slicer.vtkMRMLLayoutNode
        alone = {
            int(node.SlicerLayoutOneUpRedSliceView): ["Red"],
            int(node.SlicerLayoutOneUpYellowSliceView): ["Yellow"],
            int(node.SlicerLayoutOneUpGreenSliceView): ["Green"],
            int(node.SlicerLayoutOneUp3DView): ["3D"],
        }.get(int(layout), ["Red", "Yellow", "Green", "3D"])
        for name, widget in [*self._slices.items(), ("3D", self._view)]:
            widget.setVisible(name in alone)
        changed = int(layout) != self._layout
        self._layout = int(layout)
        if changed:
            self.layoutChanged.emit(self._layout)

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._session.scene

    def sliceViewNames(self) -> list[str]:
        """Names of the slice views, as Slicer lists them."""
        return ["Red", "Green", "Yellow"]

    def sliceWidget(self, name: str) -> Any:
        """A slice view, or None."""
        return self._slices.get(name)

    def threeDWidget(self, which: int | str) -> Any:
        """The 3D view, by its index or name; or None."""
        return self._view if which in (0, "1", "View1") else None

    def mrmlSliceLogics(self) -> Any:
        """Logics of the slice views."""
        return self._session.slice_logics

    def mrmlViewLogics(self) -> Any:
        """Logics of the 3D views."""
        return self._session.view_logics

    def activeMRMLThreeDViewNode(self) -> Any:
        """Node of the 3D view."""
        return self._view.mrmlViewNode()

    def resetThreeDViews(self) -> None:
        """Fit the 3D view to its contents."""
        self._view.threeDView().resetFocalPoint()
        self._view.threeDView().resetCamera()

    def resetSliceViews(self) -> None:
        """Fit the slice views to their volumes."""
        for widget in self._slices.values():
            widget.sliceLogic().FitSliceToBackground()

    def setRenderPaused(self, paused: bool) -> None:
        """Pause or resume rendering."""
        slicer.app.setRenderPaused(paused)

    def pauseRender(self) -> None:
        """Pause rendering."""
        slicer.app.pauseRender()

    def resumeRender(self) -> None:
        """Resume rendering."""
        slicer.app.resumeRender()

    layout = Property(int, lambda self: self._layout, setLayout, notify=layoutChanged)
    threeDViewCount = Property(int, lambda _self: 1)
    tableViewCount = Property(int, lambda _self: 0)
    plotViewCount = Property(int, lambda _self: 0)
