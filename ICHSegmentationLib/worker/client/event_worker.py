# SPDX-License-Identifier: Apache-2.0
"""One worker process as a host with an event loop sees it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from ICHSegmentationLib.core.errors import ICHSegmentationError, WorkerCrashedError
from ICHSegmentationLib.worker.client.ending import explain_end
from ICHSegmentationLib.worker.client.host_loop import HostLoop
from ICHSegmentationLib.worker.client.launch import (
    EXIT_GRACE_S,
    START_TIMEOUT_S,
    make_folder,
    worker_command,
    worker_environment,
)
from ICHSegmentationLib.worker.client.pending import check_hello
from ICHSegmentationLib.worker.protocol.lines import ResponseReader
from ICHSegmentationLib.worker.protocol.log import WorkerLog
from ICHSegmentationLib.worker.protocol.messages import Message, Response

_REMOVE_AGAIN_S = 2.0


class EventWorker:
    """Starts a worker with a private folder, which goes when the process has ended.

    Parameters
    ----------
    loop : HostLoop
        The host's event loop.
    python : str
        The interpreter.
    environment : mapping of str to str
        Its environment variables.
    parent : Path, optional
        Where to make the folder; by default where the system wants temporary files.
    on_ready : callable
        Called once with this, when the worker has greeted.
    on_message : callable
        Called with this and each further message; no more after `kill`.
    on_end : callable
        Called once with this and why it ended.

    Attributes
    ----------
    folder : Path
        For the exchange of arrays; also the worker's for temporary files.
    log : WorkerLog
        What it wrote.
    is_ready : bool
        Whether it has greeted.
    """

    def __init__(
        self,
        loop: HostLoop,
        python: str,
        environment: Mapping[str, str],
        parent: Path | None,
        *,
        on_ready: Callable[[EventWorker], None],
        on_message: Callable[[EventWorker, Response], None],
        on_end: Callable[[EventWorker, ICHSegmentationError], None],
    ) -> None:
        self.folder = make_folder(parent)
        self.log = WorkerLog()
        self.is_ready = False
        self._loop = loop
        self._on_ready = on_ready
        self._on_message = on_message
        self._on_end = on_end
        self._reader = ResponseReader(self.log)
        self._problem: ICHSegmentationError | None = None
        self._is_killed = False
        self._has_ended = False
        environment = worker_environment(environment, self.folder)
        try:
            self._process = loop.start(worker_command(python, self.folder), environment, self)
        except BaseException:
            self.remove_folder()
            raise
        loop.call_later(START_TIMEOUT_S, self._check_start)

    @property
    def is_usable(self) -> bool:
        """Whether requests can be sent; a clean-up of old temporary files may have removed the folder."""
        return not self._is_killed and not self._has_ended and self.folder.is_dir()

    def send(self, message: Message) -> None:
        """Send a request."""
        self._process.write(message.to_line())

    def kill(self) -> None:
        """End the process and its children at once."""
        self._is_killed = True
        if not self._has_ended:
            self._process.kill()

    def finish(self) -> None:
        """End the process, and wait until it is gone with its folder."""
        self._is_killed = True
        if not self._has_ended:
            self._process.finish(EXIT_GRACE_S)
        self.remove_folder()

    def remove_folder(self) -> None:
        """Remove the folder, the process being gone."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_late_files(self, folder: Path) -> None:
        """Remove a request's folder that was written for nothing, and this one's if the process had ended before."""
        shutil.rmtree(folder, ignore_errors=True)
        if self._has_ended:
            self.remove_folder()

    def take_output(self, data: bytes) -> None:
        """See `ProcessListener`."""
        for message in self._reader.feed(data):
            if self._is_killed:
                return
            if self.is_ready:
                self._on_message(self, message)
            else:
                self._greet(message)

    def take_errors(self, data: bytes) -> None:
        """See `ProcessListener`."""
        self.log.feed(data)

    def take_end(self, code: int | None, problem: str = "") -> None:
        """See `ProcessListener`."""
        if self._has_ended:
            return
        self._has_ended = True
        self._reader.finish()
        self.log.finish()
        self.remove_folder()
        if self.folder.exists():
            # On Windows a launcher can be gone a moment before its child, whose files cannot be removed until then.
            self._loop.call_later(_REMOVE_AGAIN_S, self.remove_folder)
        if problem:
            self._problem = WorkerCrashedError(f"The worker could not be started: {problem}")
        self._on_end(self, self._problem or explain_end(code, self.log, started=self.is_ready))

    def _greet(self, message: Response) -> None:
        try:
            check_hello(message)
        except WorkerCrashedError as error:
            self._give_up(error)
            return
        self.is_ready = True
        self._on_ready(self)

    def _check_start(self) -> None:
        if not self.is_ready and not self._has_ended and not self._is_killed:
            self._give_up(WorkerCrashedError(f"The worker did not start within {START_TIMEOUT_S:.0f} s; try again."))

    def _give_up(self, problem: ICHSegmentationError) -> None:
        self._problem = problem
        self.kill()
