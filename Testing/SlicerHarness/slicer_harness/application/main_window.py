# SPDX-License-Identifier: Apache-2.0
"""The main window: the module's panel at the left, the views at the right."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QWidget


class ModuleSelector:
    """The part of qSlicerModuleSelectorToolBar that slicer.util uses."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.selectedModule = ""

    def selectModule(self, name: str) -> None:
        """Leave the module that is shown, and enter another one."""
        manager = slicer.app.moduleManager()
        for other in map(manager.module, manager.modulesNames()):
            if other._panel is not None and other._panel.isEntered:
                other._panel.exit()
        panel = manager.module(name).widgetRepresentation()
        self._window.show_panel(panel)
        panel.enter()
        self.selectedModule = name


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
        self._selector = ModuleSelector(self)

    def moduleSelector(self) -> ModuleSelector:
        """The list of modules."""
        return self._selector

    def show_panel(self, panel: QWidget) -> None:
        """Show a module's panel; the one before stays, hidden."""
        before = self._area.takeWidget()
        if before is not None and before is not panel:
            before.hide()
        self._area.setWidget(panel)
        panel.show()
        self._area.setMinimumWidth(min(520, panel.sizeHint.width() + 24))
