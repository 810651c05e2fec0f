# SPDX-License-Identifier: Apache-2.0
"""A worker process for an application with an event loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ICHSegmentationLib.core.errors import ICHSegmentationError, WorkerCrashedError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.worker.client.application_loop import ApplicationLoop
from ICHSegmentationLib.worker.client.launch import EXIT_GRACE_S, START_TIMEOUT_S
from ICHSegmentationLib.worker.client.session import WorkerSession
from ICHSegmentationLib.worker.protocol.messages import Message, Response

_REMOVE_AGAIN_S = 2.0


class EventWorker:
    """Worker process with a private folder, which is removed when the process has ended.

    Parameters
    ----------
    loop : ApplicationLoop
        Event loop of the application.
    python : str
        The interpreter.
    environment : mapping of str to str
        Its environment variables.
    parent : Path, optional
        Parent of the private folder; by default the system's folder for temporary files.
    on_ready : callable
        Called once with this worker, when its first message was accepted.
    on_message : callable
        Called with this worker and each further message; not after `kill`.
    on_end : callable
        Called once with this worker and the error that explains its end.

    Attributes
    ----------
    session : WorkerSession
        Folder, log and open scans.
    """

    def __init__(
        self,
        loop: ApplicationLoop,
        python: str,
        environment: Mapping[str, str],
        parent: Path | None,
        *,
        on_ready: Callable[[EventWorker], None],
        on_message: Callable[[EventWorker, Response], None],
        on_end: Callable[[EventWorker, ICHSegmentationError], None],
    ) -> None:
        self.session = WorkerSession(parent)
        self._loop = loop
        self._on_ready = on_ready
        self._on_message = on_message
        self._on_end = on_end
        self._problem: ICHSegmentationError | None = None
        self._is_killed = False
        self._has_ended = False
        try:
            self._process = loop.start(self.session.command(python), self.session.environment(environment), self)
        except BaseException:
            self.session.remove_folder()
            raise
        loop.call_later(START_TIMEOUT_S, self._check_start)

    @property
    def is_usable(self) -> bool:
        """Whether requests can be sent; a clean-up of old temporary files may have removed the folder."""
        return not self._is_killed and not self._has_ended and self.session.folder.is_dir()

    def send(self, request: Message) -> None:
        """Send a request."""
        self._process.write(request.to_line())

    def kill(self) -> None:
        """Kill the process and its children."""
        self._is_killed = True
        if not self._has_ended:
            self._process.kill()

    def finish(self) -> None:
        """End the process, and wait until process and folder are gone."""
        self._is_killed = True
        if not self._has_ended:
            self._process.finish(EXIT_GRACE_S)
        self.session.remove_folder()

    def remove_late_files(self) -> None:
        """Remove files that a background step wrote into the folder after the end of the process."""
        if self._has_ended:
            self.session.remove_folder()

    def take_output(self, data: bytes) -> None:
        """See `ProcessListener`."""
        for response in self.session.read(data):
            if self._is_killed:
                return
            if self.session.is_greeted:
                self._on_message(self, response)
            else:
                self._greet(response)

    def take_errors(self, data: bytes) -> None:
        """See `ProcessListener`."""
        self.session.log.feed(data)

    def take_end(self, code: int | None, problem: str = "") -> None:
        """See `ProcessListener`."""
        if self._has_ended:
            return
        self._has_ended = True
        self.session.end_output()
        self.session.log.finish()
        self.session.remove_folder()
        if self.session.folder.exists():
            # On Windows a launcher can end before its child, which keeps its files open until it ends too.
            self._loop.call_later(_REMOVE_AGAIN_S, self.session.remove_folder)
        if problem:
            self._problem = WorkerCrashedError(message("worker.not_started", reason=problem))
        self._on_end(self, self._problem or self.session.explain_end(code))

    def _greet(self, hello: Response) -> None:
        try:
            self.session.greet(hello)
        except WorkerCrashedError as error:
            self._give_up(error)
            return
        self._on_ready(self)

    def _check_start(self) -> None:
        if not self.session.is_greeted and not self._has_ended and not self._is_killed:
            self._give_up(WorkerCrashedError(message("worker.no_greeting", seconds=START_TIMEOUT_S)))

    def _give_up(self, problem: ICHSegmentationError) -> None:
        self._problem = problem
        self.kill()
