# SPDX-License-Identifier: Apache-2.0
"""Modal dialogs: each needs an answer queued by the test; else it is closed and the test fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6 import QtCore, QtWidgets

_run = QtWidgets.QDialog.exec
_GUARD_MS = 10_000
Answer = str | Callable[[QtWidgets.QDialog], Any]


@dataclass
class Dialogs:
    """Queued answers, and the texts of the dialogs shown so far."""

    answers: list[Answer] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    def answer(self, *answers: Answer) -> None:
        """Queue answers: a button's text, a path for a file dialog, or a function of the dialog."""
        self.answers.extend(answers)

    def clear(self) -> None:
        """Forget everything."""
        self.answers.clear()
        self.shown.clear()
        self.unanswered.clear()

    def next_answer(self, text: str) -> Answer | None:
        """Record the dialog and return its answer."""
        self.shown.append(text)
        if self.answers:
            return self.answers.pop(0)
        self.unanswered.append(text)
        return None


dialogs = Dialogs()


def install_dialogs() -> None:
    """Make modal dialogs take the queued answers."""
    for name in ("exec", "exec_"):
        for kind in (QtWidgets.QDialog, QtWidgets.QMessageBox, QtWidgets.QProgressDialog, QtWidgets.QFileDialog):
            setattr(kind, name, _exec)
    for name in ("question", "information", "warning", "critical"):
        setattr(QtWidgets.QMessageBox, name, staticmethod(_message_function(name)))
    for name in ("getExistingDirectory", "getOpenFileName", "getOpenFileNames", "getSaveFileName"):
        setattr(QtWidgets.QFileDialog, name, staticmethod(_file_function(name)))


def _exec(dialog: QtWidgets.QDialog) -> Any:
    result = _ask(dialog)
    # In PythonQt a button equals its number; in PySide it does not.
    return QtWidgets.QMessageBox.StandardButton(result) if isinstance(dialog, QtWidgets.QMessageBox) else result


def _ask(dialog: QtWidgets.QDialog) -> int:
    answer = dialogs.next_answer(_text_of(dialog))
    if answer is None:
        return int(QtWidgets.QDialog.DialogCode.Rejected)
    QtCore.QTimer.singleShot(0, lambda: _give(dialog, answer))
    guard = QtCore.QTimer()
    guard.setSingleShot(True)
    guard.timeout.connect(lambda: _give_up(dialog))
    guard.start(_GUARD_MS)
    later = _DeleteLater(dialog)
    result = _run(dialog)
    guard.stop()
    later.delete(dialog)
    return result


class _DeleteLater(QtCore.QObject):
    """Delay of deleteLater() until the dialog is answered, as in Slicer's main loop."""

    def __init__(self, dialog: QtWidgets.QDialog) -> None:
        super().__init__()
        self._wanted = False
        dialog.installEventFilter(self)

    def eventFilter(self, _dialog: QtCore.QObject, event: QtCore.QEvent) -> bool:
        if event.type() != QtCore.QEvent.Type.DeferredDelete:
            return False
        self._wanted = True
        return True

    def delete(self, dialog: QtWidgets.QDialog) -> None:
        """Delete the dialog if that was requested."""
        dialog.removeEventFilter(self)
        if self._wanted:
            dialog.deleteLater()


def _text_of(dialog: QtWidgets.QDialog) -> str:
    if isinstance(dialog, QtWidgets.QMessageBox):
        return str(dialog.text)
    labels = [each.text for each in dialog.findChildren(QtWidgets.QLabel)]
    return "\n".join([dialog.windowTitle, *labels])


def _give(dialog: QtWidgets.QDialog, answer: Answer) -> None:
    try:
        if callable(answer):
            answer(dialog)
            return
        buttons = dialog.findChildren(QtWidgets.QAbstractButton)
        found = {each.text.replace("&", ""): each for each in buttons}
        if answer not in found:
            message = f"the dialog {_text_of(dialog)!r} has no button {answer!r}; it has {sorted(found)}"
            raise AssertionError(message)
        found[answer].click()
    except Exception:
        sys.excepthook(*sys.exc_info())
        dialog.reject()


def _give_up(dialog: QtWidgets.QDialog) -> None:
    dialogs.unanswered.append(f"still open after {_GUARD_MS / 1000:.0f} s: {_text_of(dialog)}")
    dialog.reject()


def _message_function(name: str) -> Callable[..., Any]:
    icons = {"question": "Question", "information": "Information", "warning": "Warning", "critical": "Critical"}
    icon = QtWidgets.QMessageBox.Icon[icons[name]]
    kind = QtWidgets.QMessageBox.StandardButton

    def show(parent: Any, title: str, text: str, buttons: Any = None, default: Any = None) -> Any:
        choices = buttons or (kind.Yes | kind.No if name == "question" else kind.Ok)
        box = QtWidgets.QMessageBox(icon, title, text, choices, parent)
        if default is not None:
            box.setDefaultButton(default)
        return _exec(box)

    return show


def _file_function(name: str) -> Callable[..., Any]:
    def show(_parent: Any = None, caption: str = "", *_unused: Any) -> Any:
        answer = dialogs.next_answer(caption or name)
        several = name.endswith("Names")
        if answer is None:
            return [] if several else ""
        return [str(answer)] if several else str(answer)

    return show
