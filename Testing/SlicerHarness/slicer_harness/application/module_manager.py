# SPDX-License-Identifier: Apache-2.0
"""Modules: loading, their panels, ``slicer.modules``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import slicer
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slicer_harness.stand_ins.base import StandIn
from slicer_harness.stand_ins.widgets import qSlicerWidget


class qSlicerScriptedLoadableModuleWidget(qSlicerWidget):
    """Application's widget around the panel of a scripted module."""

    def __init__(self, module: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._module = module
        self._entered = False
        self.setLayout(QVBoxLayout())
        self.setMRMLScene(slicer.mrmlScene)
        self._python = getattr(module._python_module, module.name + "Widget")(self)
        setattr(slicer.modules, module.name + "Widget", self._python)
        self._python.setup()

    def self(self) -> Any:
        """The module's own widget class."""
        return self._python

    def enter(self) -> None:
        """Called when the user enters the module."""
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        """Called when the user leaves the module."""
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()

    @property
    def isEntered(self) -> bool:
        """Whether the user is in the module."""
        return self._entered

    @property
    def moduleName(self) -> str:
        """Name of the module."""
        return str(self._module.name)


class qSlicerScriptedLoadableModule(StandIn, QObject):
    """Scripted module with the properties that Slicer's class has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.name, self.path = path.stem, str(path)
        self.title, self.helpText, self.acknowledgementText = path.stem, "", ""
        self.categories: list[str] = []
        self.dependencies: list[str] = []
        self.contributors: list[str] = []
        self.associatedNodeTypes: list[str] = []
        self.icon, self.hidden, self.index, self.widgetRepresentationCreationEnabled = QIcon(), False, -1, True
        self._panel: qSlicerScriptedLoadableModuleWidget | None = None
        self._python_module = self._run(path)
        self._python_self = getattr(self._python_module, path.stem)(self)
        setattr(slicer.modules, path.stem + "Instance", self._python_self)

    def _run(self, path: Path) -> Any:
        if str(path.parent) not in sys.path:  # as Slicer does for every folder of scripted modules
            sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)  # type: ignore[union-attr]
        return module

    def logic(self) -> Any:
        """Return None: scripted modules have no C++ logic."""
        return slicer.vtkSlicerScriptedLoadableModuleLogic()

    def mrmlScene(self) -> Any:
        """The scene."""
        return slicer.mrmlScene

    def widgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        """Return the panel; it is created at the first call."""
        if self._panel is None:
            self._panel = qSlicerScriptedLoadableModuleWidget(self)
        return self._panel

    def createNewWidgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        """Create another panel."""
        return qSlicerScriptedLoadableModuleWidget(self)


class qSlicerModuleManager(StandIn, QObject):
    """The modules of this run."""

    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._modules: dict[str, Any] = {}

    def load(self, path: Path) -> qSlicerScriptedLoadableModule:
        """Load a scripted module from its file."""
        module = qSlicerScriptedLoadableModule(path)
        self._modules[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)
        self.moduleLoaded.emit(module.name)
        return module

    def unload_all(self) -> None:
        """Unload the modules and delete their panels, as when Slicer exits."""
        for name, module in list(self._modules.items()):
            panel = module._panel
            if panel is not None and panel.isEntered:
                panel.exit()
            self.moduleAboutToBeUnloaded.emit(name)
            if panel is not None:
                panel.hide()
                panel.deleteLater()
            for attribute in (name.lower(), name + "Instance", name + "Widget"):
                vars(slicer.modules).pop(attribute, None)
            sys.modules.pop(name, None)
        self._modules.clear()

    def module(self, name: str) -> Any:
        """A loaded module, or None."""
        return self._modules.get(name)

    def modulesNames(self) -> list[str]:
        """Names of the loaded modules."""
        return sorted(self._modules)

    def factoryManager(self) -> Any:
        """Return the interface of the module factory to what is loaded."""
        return SimpleNamespace(
            isRegistered=self._modules.__contains__,
            registeredModuleNames=self.modulesNames,
            instantiatedModuleNames=self.modulesNames,
            moduleInstance=self.module,
        )
