# SPDX-License-Identifier: Apache-2.0
"""The application: one QApplication for the process, with a fresh scene for each test."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import Property, QProcessEnvironment, QSettings, Signal
from PySide6.QtWidgets import QApplication

from slicer_harness.application.dicom_database import DicomDatabase
from slicer_harness.application.io_manager import IOManager
from slicer_harness.application.layout_manager import qSlicerLayoutManager
from slicer_harness.application.main_window import MainWindow
from slicer_harness.application.module_manager import qSlicerModuleManager
from slicer_harness.application.session import Session
from slicer_harness.qt_facade.settings import QSettings as SlicerSettings
from slicer_harness.stand_ins.base import StandIn

_VERSION = (5, 12, 0)


class qSlicerApplication(StandIn, QApplication):
    """Slicer 5.12 as a module sees it."""

    startupCompleted = Signal()
    mrmlSceneChanged = Signal(object)
    renderPaused = Signal(bool)
    urlReceived = Signal(str)

    def __init__(self) -> None:
        super().__init__(["Slicer"])
        self.setApplicationName("Slicer")
        self.setOrganizationName("slicer.org")
        self.setApplicationVersion(".".join(map(str, _VERSION)))
        self.setQuitOnLastWindowClosed(False)
        self._layout_manager: Any = None
        self._testing = False
        self._paused = 0

    def begin(self, folder: Path) -> None:
        """Create a fresh scene, module logics and window; write files below ``folder`` only."""
        self._folder = folder
        self._temporary = folder / "temporary"
        self._temporary.mkdir()
        self._testing = False
        self._paused = 0
        self._environment = QProcessEnvironment.systemEnvironment()
        self._startup = dict(os.environ)
        self._session = Session(self, folder / "cache")
        self._module_manager = qSlicerModuleManager()
        self._io_manager = IOManager(self._session)
        self._dicom_database = DicomDatabase()
        self._layout_manager = qSlicerLayoutManager(self._session)
        self._main_window = MainWindow(self._layout_manager)
        self.mrmlSceneChanged.emit(self._session.scene)

    def end(self) -> None:
        """Release what :meth:`begin` created."""
        self._main_window.close()
        self._layout_manager.close()
        self._main_window.deleteLater()
        self._session.close()
        self.sendPostedEvents(None, 52)  # QEvent::DeferredDelete
        self.processEvents()

    def mrmlScene(self) -> Any:
        """The scene."""
        return self._session.scene

    def applicationLogic(self) -> Any:
        """vtkSlicerApplicationLogic."""
        return self._session.application_logic

    def moduleLogic(self, name: str) -> Any:
        """Logic of a loadable module."""
        return self._session.logics.get(name.lower())

    def moduleManager(self) -> Any:
        """The loaded modules."""
        return self._module_manager

    def layoutManager(self) -> Any:
        """The views."""
        return self._layout_manager

    def coreIOManager(self) -> Any:
        """Reading and writing."""
        return self._io_manager

    ioManager = coreIOManager

    def dicomDatabase(self) -> Any:
        """The DICOM database."""
        return self._dicom_database

    def userSettings(self) -> QSettings:
        """Settings of the user."""
        return SlicerSettings()

    settings = userSettings
    revisionUserSettings = userSettings

    def commandOptions(self) -> Any:
        """Return Slicer's command line options."""
        return SimpleNamespace(testingEnabled=self._testing, noMainWindow=False, runPythonAndExit=False)

    def testingEnabled(self) -> bool:
        """Whether Slicer was started with --testing."""
        return self._testing

    def pythonConsole(self) -> None:
        """Slicer without its console."""

    def startupEnvironment(self) -> QProcessEnvironment:
        """Environment before the launcher changed it."""
        found = QProcessEnvironment()
        for name, value in self._startup.items():
            found.insert(name, value)
        return found

    def environment(self) -> QProcessEnvironment:
        """Environment of the application."""
        return QProcessEnvironment.systemEnvironment()

    def setEnvironmentVariable(self, name: str, value: str) -> None:
        """Change the application's environment."""
        os.environ[name] = value

    def moduleDocumentationUrl(self, name: str) -> str:
        """Address of a module's documentation."""
        return f"{self.documentationBaseUrl}user_guide/modules/{name.lower()}.html"

    def translate(self, _context: str, text: str) -> str:
        """Text in the application's language, which is English."""
        return text

    def setRenderPaused(self, paused: bool) -> None:
        """Pause or resume rendering; calls are counted."""
        self._paused = max(0, self._paused + (1 if paused else -1))
        self.renderPaused.emit(self._paused > 0)

    def pauseRender(self) -> None:
        """Pause rendering."""
        self.setRenderPaused(True)

    def resumeRender(self) -> None:
        """Resume rendering."""
        self.setRenderPaused(False)

    def logUsageEvent(self, _component: str, _event: str) -> None:
        """Do nothing: no usage data are sent."""

    def currentLogFile(self) -> str:
        """Return the path of the log."""
        return str(self._folder / "Slicer.log")

    def recentLogFiles(self) -> list[str]:
        """Return the log of this run only."""
        return [self.currentLogFile()]

    slicerHome = Property(str, lambda _self: sys.prefix)
    slicerSharePath = Property(str, lambda _self: "share/Slicer-5.12")
    temporaryPath = Property(str, lambda self: str(self._temporary))
    cachePath = Property(str, lambda self: str(self._folder / "cache"))
    startupWorkingPath = Property(str, lambda _self: str(Path.cwd()))
    extensionsInstallPath = Property(str, lambda self: str(self._folder / "extensions"))
    slicerUserSettingsFilePath = Property(str, lambda self: self.userSettings().fileName())
    isInstalled = Property(bool, lambda _self: True)
    releaseType = Property(str, lambda _self: "Stable")
    revision = Property(str, lambda _self: "33000")
    majorVersion = Property(int, lambda _self: _VERSION[0])
    minorVersion = Property(int, lambda _self: _VERSION[1])
    mainApplicationName = Property(str, lambda _self: "Slicer")
    applicationLocaleName = Property(str, lambda _self: "en_US")
    documentationBaseUrl = Property(str, lambda _self: "https://slicer.readthedocs.io/en/5.12/")
    documentationVersion = Property(str, lambda _self: "5.12")
    platform = Property(str, lambda _self: "linux-amd64")
    arch = Property(str, lambda _self: "amd64")
    os = Property(str, lambda _self: "linux")
