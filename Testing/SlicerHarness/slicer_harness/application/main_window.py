# SPDX-License-Identifier: Apache-2.0
"""The main window: the module's panel at the left, the views at the right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QWidget


class MainWindow(QMainWindow):
    """The part of qSlicerMainWindow that slicer.util uses."""

    def __init__(self, layout_manager: Any) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("3D Slicer")
        self.setCentralWidget(layout_manager.viewport())
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        dock = QDockWidget("Modules")
        dock.setWidget(self._area)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        self.statusBar()
        self.resize(1280, 900)

    def show_panel(self, panel: QWidget) -> None:
        """Show a module's panel."""
        self._area.setWidget(panel)
        self._area.setMinimumWidth(min(520, panel.sizeHint.width() + 24))
