# SPDX-License-Identifier: Apache-2.0
"""One run of Slicer for one test: from a fresh start to the checks at its end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore

from slicer_harness import mouse
from slicer_harness.application.logic_modules import LogicModule
from slicer_harness.checks.errors import ErrorLog
from slicer_harness.checks.processes import kill, mark_processes, marked_processes
from slicer_harness.install import install
from slicer_harness.observers import left_behind
from slicer_harness.qt_facade.connections import connections_of, disconnect
from slicer_harness.qt_facade.desktop import QDesktopServices
from slicer_harness.qt_facade.dialogs import dialogs
from slicer_harness.qt_facade.processes import running_processes
from slicer_harness.qt_facade.settings import use_settings_folder
from slicer_harness.qt_facade.timers import running_timers, stop_timers
from slicer_harness.slicer_python import packaging


class SlicerRun:
    """Interface of a test to the application: modules, clicks and waiting."""

    def __init__(self, folder: Path) -> None:
        self.app = install()
        self.folder = folder
        self.packaging = packaging.calls
        self.dialogs = dialogs
        self.opened_urls = QDesktopServices.opened
        self._errors = ErrorLog()
        self._expected: list[str] = []
        self._folders: list[Path] = []

    def begin(self) -> None:
        """Start Slicer."""
        use_settings_folder(self.folder / "settings")
        for each in (self.packaging, self.dialogs, self.opened_urls):
            each.clear()
        self._path, self._modules = list(sys.path), set(sys.modules)
        self._threads = set(threading.enumerate())
        self._mark = mark_processes()
        self._errors.open()
        self.app.begin(self.folder)
        slicer.mrmlScene = self.app.mrmlScene()
        slicer.dicomDatabase = self.app.dicomDatabase()
        slicer.selfTests = {}
        for name, logic in self.app._session.logics.items():
            setattr(slicer.modules, name, LogicModule(name, logic))

    def load_module(self, path: Path) -> Any:
        """Load a scripted module from its file and enter its panel; return its widget object."""
        self._folders.append(path.parent)
        module = self.app.moduleManager().load(path)
        panel = module.widgetRepresentation()
        self.app._main_window.show_panel(panel)
        self.app._main_window.show()
        panel.enter()
        self.app.startupCompleted.emit()
        self.process_events()
        return panel.self()

    def process_events(self) -> None:
        """Process pending Qt events."""
        self.app.processEvents()
        self.app.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)

    def wait_until(self, condition: Callable[[], Any], timeout_s: float = 10.0, what: str = "") -> Any:
        """Run the event loop until ``condition`` is true and return its value; fail after ``timeout_s``."""
        end = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > end:
                message = f"waited {timeout_s} s in vain for {what or getattr(condition, '__doc__', None) or condition}"
                raise AssertionError(message)
            self.app.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)
            time.sleep(0.002)
        return value

    def click(self, widget: Any, position: Any = None) -> None:
        """Click a widget; fail the test if a user could not click it."""
        mouse.click(widget, position)
        self.process_events()

    def choose(self, box: Any, text: str) -> None:
        """Choose an item of a combo box or a node selector by its text."""
        mouse.choose(box, text)
        self.process_events()

    def click_cell(self, table: Any, row: int, column: int) -> None:
        """Click a cell of a table, on its box if it has one."""
        mouse.click_cell(table, row, column)
        self.process_events()

    def screenshot(self, path: Path) -> Path:
        """Save a picture of the main window, or of the first other window, after drawing the views."""
        views = [each.viewWidget() for each in self.app.layoutManager()._slices.values()]
        for view in [*views, self.app.layoutManager().threeDWidget(0).threeDView()]:
            if view.isVisible():
                view.forceRender()
        self.process_events()
        windows = [self.app._main_window, *self.app.topLevelWidgets()]
        shown = next((each for each in windows if each.isVisible()), self.app._main_window)
        path.parent.mkdir(parents=True, exist_ok=True)
        shown.grab().save(str(path))
        return path

    def expect_error(self, text: str) -> None:
        """Expect one or more errors with this text; none is a failure."""
        self._expected.append(text)

    def errors(self) -> list[str]:
        """Return the errors so far that Slicer would only have printed."""
        return list(self._errors.errors)

    def end(self) -> list[str]:
        """End Slicer; return the problems found."""
        self.process_events()
        self.app.moduleManager().unload_all()
        self.process_events()
        problems = [*self._leaks(), *self._dialog_problems()]
        self.app.end()
        self._errors.close()
        problems += self._unexpected()
        vars(slicer.modules).clear()
        sys.path[:] = self._path
        self._forget_packages()
        return problems

    def _forget_packages(self) -> None:
        # Packages beside a module's file are reloaded with it, as at a fresh start of Slicer.
        for name in set(sys.modules) - self._modules:
            path = getattr(sys.modules[name], "__file__", None) or ""
            if any(Path(path).is_relative_to(folder) for folder in self._folders):
                del sys.modules[name]

    def _leaks(self) -> list[str]:
        problems = [f"left behind: {each}" for each in left_behind(slicer.mrmlScene)]
        problems += [f"left running: timer with {each.interval} ms" for each in running_timers()]
        stop_timers()
        problems += [f"left running: process {each.program()}" for each in running_processes()]
        alive = marked_processes(self._mark)
        problems += [f"left running: process {number} ({command})" for number, command in alive.items()]
        for process in running_processes():
            process.kill()
            process.waitForFinished(2000)
        kill(alive)
        problems += self._application_connections()
        threads = {each for each in threading.enumerate() if each not in self._threads and not each.daemon}
        return problems + [f"left running: thread {each.name}" for each in threads]

    def _application_connections(self) -> list[str]:
        found = connections_of(self.app)
        for each in found:
            disconnect(self.app, each.signal, each.receiver)
        # Every module with sample data stays connected to the end of the start-up.
        return [f"left connected: slicer.app's {each.signal}" for each in found if each.signal != "startupCompleted()"]

    def _dialog_problems(self) -> list[str]:
        problems = [f"a dialog that no answer was given for: {text}" for text in self.dialogs.unanswered]
        return problems + [f"an answer that no dialog came for: {each}" for each in self.dialogs.answers]

    def _unexpected(self) -> list[str]:
        problems = [each for each in self._errors.errors if not any(text in each for text in self._expected)]
        missed = [text for text in self._expected if not any(text in each for each in self._errors.errors)]
        return problems + [f"an error with the text {text!r} was expected and did not come" for text in missed]
