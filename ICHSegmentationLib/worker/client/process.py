# SPDX-License-Identifier: Apache-2.0
"""One worker process as a host in plain Python sees it."""

from __future__ import annotations

import contextlib
import queue
import shutil
import subprocess
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ICHSegmentationLib.core.errors import ICHSegmentationError, WorkerCrashedError
from ICHSegmentationLib.worker.client.ending import explain_end
from ICHSegmentationLib.worker.client.launch import make_folder, worker_command, worker_environment
from ICHSegmentationLib.worker.client.process_tree import kill_tree
from ICHSegmentationLib.worker.protocol.lines import ResponseReader
from ICHSegmentationLib.worker.protocol.log import WorkerLog
from ICHSegmentationLib.worker.protocol.messages import Message, Response, ShutdownRequest

_GRACE_S = 2.0
_CHUNK = 65536


class WorkerProcess:
    """Starts a worker with a private folder; whatever happens, the folder goes when the process does.

    Parameters
    ----------
    python : Path or str
        The interpreter.
    environment : mapping of str to str
        Its environment variables.

    Attributes
    ----------
    folder : Path
        For the exchange of arrays (mode 0700). Also the worker's folder for temporary files, so that those of its
        libraries go with it.
    log : WorkerLog
        What it wrote.

    Raises
    ------
    WorkerCrashedError
        If the interpreter cannot be started.
    ICHSegmentationError
        If there is no place for temporary files.
    """

    def __init__(self, python: Path | str, environment: Mapping[str, str]) -> None:
        self.folder = make_folder()
        self.log = WorkerLog()
        try:
            self._process = subprocess.Popen(
                worker_command(python, self.folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=worker_environment(environment, self.folder),
                # No console window on Windows; elsewhere there is no such flag.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            message = f"The worker could not be started with {python}: {error.strerror}."
            raise WorkerCrashedError(message) from error
        self._messages: queue.Queue[Response | None] = queue.Queue()
        # The threads hold the queue and the log, not this object, so that it can be collected, which ends the process.
        readers = (
            (_read_messages, (self._process.stdout, self._messages, self.log)),
            (_read_log, (self._process.stderr, self.log)),
        )
        self._readers = [threading.Thread(target=read, args=arguments, daemon=True) for read, arguments in readers]
        for reader in self._readers:
            reader.start()
        self._finalizer = weakref.finalize(self, _finish, self._process, self.folder)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def is_usable(self) -> bool:
        """Whether the process is there, and its folder too, which a clean-up of old temporary files may remove."""
        return self._process.poll() is None and self.folder.is_dir()

    def send(self, message: Message) -> None:
        """Send a request. Does nothing if the worker is gone, which `receive` shows."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(message.to_line())
            self._process.stdin.flush()

    def receive(self, timeout_s: float) -> Response | None:
        """Return the next message, or None if there is none in time.

        Raises
        ------
        EOFError
            If the worker is gone.
        """
        try:
            message = self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is None:
            raise EOFError
        return message

    def shut_down(self, grace_s: float) -> None:
        """Ask the worker to end, and kill it if it has not after ``grace_s``."""
        self.send(ShutdownRequest())
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        self.kill()

    def kill(self) -> None:
        """End the process and its children, and remove its folder."""
        self._finalizer()

    def death(self, *, started: bool) -> ICHSegmentationError:
        """Wait for the end of a process that closed its output, and say how it came to that.

        Parameters
        ----------
        started : bool
            Whether it ever said hello.
        """
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            code = None  # It has closed its output and goes on.
        self.kill()
        for reader in self._readers:
            reader.join(_GRACE_S)
        return explain_end(code, self.log, started=started)


def _read_messages(pipe: IO[bytes], messages: queue.Queue[Response | None], log: WorkerLog) -> None:
    reader = ResponseReader(log)
    with pipe:
        while data := pipe.read1(_CHUNK):  # type: ignore[attr-defined]
            for message in reader.feed(data):
                messages.put(message)
    reader.finish()
    messages.put(None)


def _read_log(pipe: IO[bytes], log: WorkerLog) -> None:
    with pipe:
        while data := pipe.read1(_CHUNK):  # type: ignore[attr-defined]
            log.feed(data)
    log.finish()


def _finish(process: subprocess.Popen[bytes], folder: Path) -> None:
    if process.poll() is None:
        kill_tree(process.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        # Where the children could not be killed, as without taskkill.
        process.kill()
    process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    shutil.rmtree(folder, ignore_errors=True)
