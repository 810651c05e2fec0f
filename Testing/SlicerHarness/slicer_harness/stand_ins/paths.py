# SPDX-License-Identifier: Apache-2.0
"""Selectors of files and folders."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QToolButton, QWidget

from slicer_harness.stand_ins.base import StandIn


class ctkDirectoryButton(StandIn, QWidget):
    """Button that shows a folder and opens a dialog to choose another."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)

    def __init__(self, *arguments: object) -> None:
        super().__init__(next((each for each in arguments if isinstance(each, QWidget)), None))
        self._directory = next((each for each in arguments if isinstance(each, str)), str(Path.cwd()))
        self._caption = ""
        self._button = QPushButton(self._directory)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)
        self._button.clicked.connect(self.browse)

    def _set_directory(self, path: str) -> None:
        absolute = str(Path(path).absolute())
        if absolute == self._directory:
            return
        self._directory = absolute
        self._button.setText(absolute)
        self.directorySelected.emit(absolute)
        self.directoryChanged.emit(absolute)

    def browse(self) -> str:
        """Ask for a folder."""
        chosen = QFileDialog.getExistingDirectory(self, self._caption or "folder", self._directory)
        if chosen:
            self._set_directory(chosen)
        return str(chosen)

    directory = Property(str, lambda self: self._directory, _set_directory, notify=directoryChanged)
    caption = Property(str, lambda self: self._caption, lambda self, value: setattr(self, "_caption", value))
    text = Property(str, lambda self: self._button.text, lambda self, value: self._button.setText(value))


class ctkPathLineEdit(StandIn, QWidget):
    """Line with a path, its history and a browse button."""

    Dirs, Files, Drives, Readable, Writable, Executable = 0x001, 0x002, 0x004, 0x010, 0x020, 0x040
    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._combo = QComboBox()
        self._combo.setEditable(True)
        self._browse = QToolButton()
        self._filters, self._setting_key, self._name_filters, self._path = self.Files, "", [], ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo, 1)
        layout.addWidget(self._browse)
        self._combo.editTextChanged.connect(self._changed)
        self._browse.clicked.connect(self.browse)

    def _changed(self, path: str) -> None:
        if path == self._path:
            return
        valid_before, self._path = Path(self._path).exists(), path
        if Path(path).exists() != valid_before:
            self.validInputChanged.emit(not valid_before)
        self.currentPathChanged.emit(path)

    def setCurrentPath(self, path: str) -> None:
        """Show this path."""
        self._combo.setEditText(path)

    def browse(self) -> None:
        """Ask for a path."""
        folders = self._filters & self.Dirs and not self._filters & self.Files
        ask = QFileDialog.getExistingDirectory if folders else QFileDialog.getOpenFileName
        chosen = ask(self, "path", self._path)
        if chosen:
            self.setCurrentPath(chosen)

    def addCurrentPathToHistory(self) -> None:
        """Add the path to the history."""
        if self._combo.findText(self._path) < 0:
            self._combo.insertItem(0, self._path)

    def comboBox(self) -> QComboBox:
        """The editable box inside."""
        return self._combo

    currentPath = Property(str, lambda self: self._path, setCurrentPath, notify=currentPathChanged)
    filters = Property(int, lambda self: self._filters, lambda self, value: setattr(self, "_filters", value))
    settingKey = Property(str, lambda self: self._setting_key, lambda self, value: setattr(self, "_setting_key", value))
    nameFilters = Property(
        list, lambda self: self._name_filters, lambda self, value: setattr(self, "_name_filters", value)
    )
    showBrowseButton = Property(
        bool, lambda self: not self._browse.isHidden(), lambda self, on: self._browse.setVisible(on)
    )
