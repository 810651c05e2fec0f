# SPDX-License-Identifier: Apache-2.0
"""Widget that shows the picture of an off-screen VTK render window."""

from __future__ import annotations

from typing import Any

import vtk
from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget
from vtk.util.numpy_support import vtk_to_numpy

from slicer_harness.stand_ins.base import StandIn

_SMALLEST = 64


class RenderView(StandIn, QWidget):
    """View that draws on request; its window is created with the first picture, which most tests do not need."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._window: Any = None
        self._image = QImage()
        self._annotation = vtk.vtkCornerAnnotation()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._draw)
        self.setMinimumSize(QSize(_SMALLEST, _SMALLEST))

    def _open(self) -> Any:
        """Create the render window; subclasses add their displayable managers."""
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._renderer = vtk.vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._window.SetSize(max(_SMALLEST, self.width), max(_SMALLEST, self.height))
        self._fill()
        return self._window

    def _fill(self) -> None:
        raise NotImplementedError

    def close_rendering(self) -> None:
        """Free the window."""
        self._timer.stop()
        if self._window is not None:
            self._empty()
            self._window.Finalize()
            self._window = None

    def _empty(self) -> None:
        """Remove what :meth:`_fill` added."""

    def renderWindow(self) -> Any:
        """The VTK window."""
        return self._window or self._open()

    def interactor(self) -> Any:
        """The window's interactor."""
        self.renderWindow()
        return self._interactor

    def cornerAnnotation(self) -> Any:
        """Text in the corners."""
        return self._annotation

    def scheduleRender(self) -> None:
        """Schedule a redraw."""
        if self._window is not None:
            self._timer.start()

    def _changed(self, *_event: Any) -> None:
        self.scheduleRender()

    def forceRender(self) -> None:
        """Redraw now."""
        self.renderWindow()
        self._draw()

    def _draw(self) -> None:
        self._window.Render()
        width, height = self._window.GetSize()
        pixels = vtk.vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 1, pixels, 0)
        rows = vtk_to_numpy(pixels).reshape(height, width, 3)[::-1].copy()
        self._image = QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Show the last picture."""
        painter = QPainter(self)
        painter.fillRect(self.rect, "black")
        if not self._image.isNull():
            painter.drawImage(self.rect, self._image)
        painter.end()

    def resizeEvent(self, _event: QResizeEvent) -> None:
        """Redraw in the new size."""
        if self._window is not None:
            self._window.SetSize(max(_SMALLEST, self.width), max(_SMALLEST, self.height))
            self._resized()
            self.scheduleRender()

    def _resized(self) -> None:
        """Store the new size in the view's node."""
