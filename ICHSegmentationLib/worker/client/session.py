# SPDX-License-Identifier: Apache-2.0
"""State of one worker process, the same for the blocking and the event-driven client."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from pathlib import Path

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.worker.client.ending import explain_end
from ICHSegmentationLib.worker.client.launch import make_folder, worker_command, worker_environment
from ICHSegmentationLib.worker.client.pending import check_hello
from ICHSegmentationLib.worker.protocol.lines import ResponseReader
from ICHSegmentationLib.worker.protocol.log import WorkerLog
from ICHSegmentationLib.worker.protocol.messages import Response


class WorkerSession:
    """Private folder, log and open scans of a worker process.

    Parameters
    ----------
    parent : Path, optional
        Parent of the private folder; by default the system's folder for temporary files.

    Attributes
    ----------
    folder : Path
        For the exchange of arrays (mode 0700); also the worker's folder for temporary files.
    log : WorkerLog
        Standard error of the worker, and lines of its output that are not messages.
    scans : set of str
        Keys of the opened scans; the worker may have dropped some of them.
    is_greeted : bool
        Whether the first message was accepted.

    Raises
    ------
    DiskFullError, ICHSegmentationError
        If the private folder cannot be created.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self.folder = make_folder(parent)
        self.log = WorkerLog()
        self.scans: set[str] = set()
        self.is_greeted = False
        self._reader = ResponseReader(self.log)
        self._numbers = itertools.count(1)

    def command(self, python: Path | str) -> list[str]:
        """Return the program and its arguments."""
        return worker_command(python, self.folder)

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the worker's environment variables, based on those of the client."""
        return worker_environment(variables, self.folder)

    def next_number(self) -> int:
        """Return a new request ID."""
        return next(self._numbers)

    def read(self, data: bytes) -> list[Response]:
        """Return the messages that are complete with these bytes of standard output."""
        return self._reader.feed(data)

    def greet(self, hello: Response) -> None:
        """Check the first message.

        Raises
        ------
        WorkerCrashedError
            If the worker has another protocol or version.
        """
        check_hello(hello)
        self.is_greeted = True

    def end_output(self) -> None:
        """Process the end of standard output."""
        self._reader.finish()

    def explain_end(self, code: int | None) -> ICHSegmentationError:
        """Return the error of a worker that ended unexpectedly; ``code`` as for `ending.explain_end`."""
        return explain_end(code, self.log, started=self.is_greeted)

    def remove_folder(self) -> None:
        """Remove the folder, once the process has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
