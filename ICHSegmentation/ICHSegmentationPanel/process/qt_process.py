# SPDX-License-Identifier: Apache-2.0
"""QProcess as the `LoopProcess` of the library."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import qt

if TYPE_CHECKING:
    from ICHSegmentationLib.worker.client.application_loop import ProcessListener

_KILL_MS = 2000
_INSIST_S = 3.0


class QtProcess:
    """QProcess that passes its output and end to a listener.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    environment : mapping of str to str
        All of its environment variables.
    listener : ProcessListener
        Receives output and end.
    call_later : callable
        See `QtLoop.call_later`.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        listener: ProcessListener,
        call_later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        # Imported at the start: at the first kill, the user waits for it.
        from ICHSegmentationLib.worker.client import process_tree

        self._process_tree = process_tree
        self._listener = listener
        self._call_later = call_later
        variables = qt.QProcessEnvironment()
        for name, value in environment.items():
            variables.insert(name, value)
        # Without a parent, Python would delete it at once where `discard` drops the last reference.
        self._process = qt.QProcess(qt.QCoreApplication.instance())
        self._process.setProcessEnvironment(variables)
        self._process.connect("readyReadStandardOutput()", self._read_output)
        self._process.connect("readyReadStandardError()", self._read_errors)
        self._process.connect("finished(int,QProcess::ExitStatus)", self._take_finished)
        self._process.connect("errorOccurred(QProcess::ProcessError)", self._take_error)
        self._process.start(command[0], list(command[1:]))

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.state() != qt.QProcess.NotRunning

    def discard(self) -> None:
        """Delete the QProcess after its end; until then it keeps this object alive."""
        if self._process is not None:
            self._process.deleteLater()
            self._process = None

    def write(self, data: bytes) -> None:
        """See `LoopProcess`."""
        if self.is_running:
            self._process.write(data)

    def kill(self) -> None:
        """See `LoopProcess`."""
        self._kill_tree()
        self._call_later(_INSIST_S, self._insist)

    def finish(self, grace_s: float) -> None:
        """See `LoopProcess`."""
        if not self.is_running:
            return
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(round(1000 * grace_s)):
            descendants = self._kill_tree()
            if not self._process.waitForFinished(_KILL_MS):
                self._insist()
                self._process.waitForFinished(_KILL_MS)
            # Its own end does not say that those which it started have ended.
            self._process_tree.wait_for_end(descendants, _KILL_MS / 1000)

    def _kill_tree(self) -> tuple[Any, ...]:
        if not self.is_running or not self._process.processId():
            return ()
        return self._process_tree.kill_tree(int(self._process.processId()))

    def _insist(self) -> None:
        """Kill only the process itself, in case the process tree could not be killed."""
        if self.is_running:
            self._process.kill()

    def _read_output(self) -> None:
        self._listener.take_output(bytes(self._process.readAllStandardOutput().data()))

    def _read_errors(self) -> None:
        self._listener.take_errors(bytes(self._process.readAllStandardError().data()))

    def _take_finished(self, code: int, status: int) -> None:
        self._read_output()
        self._read_errors()
        if os.name == "nt":
            # Qt returns exit codes of Windows, such as 0xC0000005, as signed numbers.
            code &= 0xFFFFFFFF
        elif status == qt.QProcess.CrashExit:
            # In this case Qt returns the number of the signal.
            code = -code
        self._listener.take_end(code)

    def _take_error(self, error: int) -> None:
        if error == qt.QProcess.FailedToStart:
            # On Windows this is called inside start().
            self._call_later(0, partial(self._listener.take_end, None, self._process.errorString()))
