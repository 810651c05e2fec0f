# SPDX-License-Identifier: Apache-2.0
"""Worker process of the blocking client."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ICHSegmentationLib.core.errors import ICHSegmentationError, WorkerCrashedError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.worker.client.process_tree import kill_tree, wait_for_end
from ICHSegmentationLib.worker.client.session import WorkerSession
from ICHSegmentationLib.worker.protocol.log import WorkerLog
from ICHSegmentationLib.worker.protocol.messages import Message, Response, ShutdownRequest

_GRACE_S = 2.0
_CHUNK = 65536


class WorkerProcess:
    """Worker process with a private folder, which is always removed with the process.

    Parameters
    ----------
    python : Path or str
        The interpreter.
    environment : mapping of str to str
        Its environment variables.

    Attributes
    ----------
    session : WorkerSession
        Folder, log and open scans.

    Raises
    ------
    WorkerCrashedError
        If the interpreter cannot be started.
    ICHSegmentationError
        If the private folder cannot be created.
    """

    def __init__(self, python: Path | str, environment: Mapping[str, str]) -> None:
        self.session = WorkerSession()
        try:
            self._process = subprocess.Popen(
                self.session.command(python),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self.session.environment(environment),
                # No console window on Windows; the flag does not exist elsewhere.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self.session.remove_folder()
            sentence = message("worker.no_interpreter", python=python, reason=error.strerror)
            raise WorkerCrashedError(sentence) from error
        self._messages: queue.Queue[Response | None] = queue.Queue()
        # The threads do not refer to this object: its garbage collection ends the process.
        readers = (
            (_read_messages, (self._process.stdout, self._messages, self.session)),
            (_read_log, (self._process.stderr, self.session.log)),
        )
        self._readers = [threading.Thread(target=read, args=arguments, daemon=True) for read, arguments in readers]
        for reader in self._readers:
            reader.start()
        self._finalizer = weakref.finalize(self, _finish, self._process, self.session)

    @property
    def pid(self) -> int:
        """Process ID."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether process and folder are there; a clean-up of old temporary files may have removed the folder."""
        return self._process.poll() is None and self.session.folder.is_dir()

    def send(self, request: Message) -> None:
        """Send a request; does nothing if the worker has ended, which `receive` reports."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(request.to_line())
            self._process.stdin.flush()

    def receive(self, timeout_s: float) -> Response | None:
        """Return the next message, or None after the timeout.

        Raises
        ------
        EOFError
            If the worker has ended.
        """
        try:
            response = self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if response is None:
            raise EOFError
        return response

    def shut_down(self, grace_s: float) -> None:
        """Ask the worker to end, and kill it after ``grace_s``."""
        self.send(ShutdownRequest())
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        self.kill()

    def kill(self) -> None:
        """Kill the process and its children, and remove the folder."""
        self._finalizer()

    def death(self) -> ICHSegmentationError:
        """Wait for the end of a process that closed its output, and return the error that explains it."""
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            code = None  # It closed its output but still runs.
        self.kill()
        for reader in self._readers:
            reader.join(_GRACE_S)
        return self.session.explain_end(code)


def _read_messages(pipe: IO[bytes], messages: queue.Queue[Response | None], session: WorkerSession) -> None:
    with pipe:
        while data := pipe.read1(_CHUNK):  # type: ignore[attr-defined]
            for response in session.read(data):
                messages.put(response)
    session.end_output()
    messages.put(None)


def _read_log(pipe: IO[bytes], log: WorkerLog) -> None:
    with pipe:
        while data := pipe.read1(_CHUNK):  # type: ignore[attr-defined]
            log.feed(data)
    log.finish()


def _finish(process: subprocess.Popen[bytes], session: WorkerSession) -> None:
    if process.poll() is None:
        descendants = kill_tree(process.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        wait_for_end(descendants, _GRACE_S)
        # In case the process tree could not be read.
        process.kill()
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    session.remove_folder()
