# SPDX-License-Identifier: Apache-2.0
"""One worker process as its host sees it."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from pydantic import ValidationError

import ICHSegmentationLib
from ICHSegmentationLib.errors import ICHSegmentationError, WorkerCrashedError, WorkerKilledError
from ICHSegmentationLib.files import write_error
from ICHSegmentationLib.worker.messages import Message, Response, ShutdownRequest, parse_response
from ICHSegmentationLib.worker.process_tree import kill_tree, start_options

_LOG_LINES = 500
_GRACE_S = 2.0
_KILLED = (-9, 137)
"""Exit status by signal 9, as Popen tells it and as a launcher in between does."""


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

    Raises
    ------
    WorkerCrashedError
        If the interpreter cannot be started.
    ICHSegmentationError
        If there is no place for temporary files.
    """

    def __init__(self, python: Path | str, environment: Mapping[str, str]) -> None:
        self.folder = _make_folder()
        # The library that the host uses, also where it is not installed; -P keeps the current folder's modules out.
        root = str(Path(ICHSegmentationLib.__file__).parents[1])
        paths = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH"))))
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.folder))
        command = [str(python), "-P", "-m", "ICHSegmentationLib.worker", "--folder", str(self.folder)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**environment, "PYTHONPATH": paths, **temporary},
                **start_options(),
            )
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            message = f"The worker could not be started with {python}: {error.strerror}."
            raise WorkerCrashedError(message) from error
        self._messages: queue.Queue[Response | None] = queue.Queue()
        self._lines: deque[str] = deque(maxlen=_LOG_LINES)
        # The threads hold the queues, not this object, so that it can be collected, which ends the process.
        readers = (
            (_read_messages, (self._process.stdout, self._messages, self._lines)),
            (_read_log, (self._process.stderr, self._lines)),
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
    def log(self) -> tuple[str, ...]:
        """The last lines that the worker and its libraries wrote to standard error."""
        return tuple(self._lines)

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
        if code in _KILLED:
            message = (
                "The system killed the segmentation, most likely because the memory ran out; "
                "close other programs and try again."
            )
            return WorkerKilledError(message)
        if not started:
            last = next((line for line in reversed(self._lines) if line.strip()), _describe_exit(code))
            message = f"The worker could not start: {last.strip()}"
            return WorkerCrashedError(message)
        message = f"The segmentation stopped unexpectedly ({_describe_exit(code)}); try again. The log says more."
        return WorkerCrashedError(message)


def _make_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="ichseg-worker-"))
    except OSError as error:
        raise write_error(Path(tempfile.gettempdir()), error) from error


def _read_messages(pipe: IO[bytes], messages: queue.Queue[Response | None], log: deque[str]) -> None:
    with pipe:
        for line in pipe:
            try:
                messages.put(parse_response(line))
            except ValidationError:
                # What was printed before the worker took the stream, as by a launcher.
                log.append(line.decode(errors="replace").rstrip())
    messages.put(None)


def _read_log(pipe: IO[bytes], log: deque[str]) -> None:
    with pipe:
        log.extend(line.decode(errors="replace").rstrip() for line in pipe)


def _finish(process: subprocess.Popen[bytes], folder: Path) -> None:
    kill_tree(process)
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    shutil.rmtree(folder, ignore_errors=True)


def _describe_exit(code: int | None) -> str:
    if code is None:
        return "its output ended"
    if code >= 0:
        return f"exit code {code}" if code < 256 else f"exit code {code:#x}"
    return signal.Signals(-code).name
