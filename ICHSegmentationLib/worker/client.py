# SPDX-License-Identifier: Apache-2.0
"""The host's side of the worker in plain Python.

Examples
--------
>>> from ICHSegmentationLib import read_ct, write_outputs
>>> from ICHSegmentationLib.worker.client import WorkerClient
>>> with WorkerClient() as client:  # doctest: +SKIP
...     for folder in folders:
...         write_outputs(client.segment(read_ct(folder)).segmentation, folder / "results")
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from ICHSegmentationLib import __version__
from ICHSegmentationLib.errors import CancelledError, WorkerCrashedError
from ICHSegmentationLib.measurement import Measurements
from ICHSegmentationLib.models import Manifest
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.worker.exchange import read_labels, write_volume
from ICHSegmentationLib.worker.failures import FailureKind, make_error
from ICHSegmentationLib.worker.messages import (
    PROTOCOL,
    CancelRequest,
    ErrorMessage,
    HelloMessage,
    ModelsMessage,
    ModelsRequest,
    PingRequest,
    PongMessage,
    ProgressMessage,
    ResultMessage,
    SegmentRequest,
)
from ICHSegmentationLib.worker.process import WorkerProcess

if TYPE_CHECKING:
    from ICHSegmentationLib.ct import CTVolume
    from ICHSegmentationLib.segmentation.stages import Cancel, Progress

CANCEL_GRACE_S = 0.4
"""A worker that has not stopped its work by then is killed, so that all is over within half a second."""
_POLL_S = 0.02
_EXIT_GRACE_S = 0.5
# A first start on a slow disk with a virus scanner takes half a minute.
_START_TIMEOUT_S = 120.0
_CANCELLED = "The segmentation was cancelled."

_Answer = TypeVar("_Answer", ResultMessage, ModelsMessage, PongMessage)


@dataclass(frozen=True, eq=False)
class WorkerResult:
    """What came back: the segmentation as :func:`ICHSegmentationLib.segment` gives it, and its measurements."""

    segmentation: SegmentationResult
    measurements: Measurements


class WorkerClient:
    """Segments in a worker process, which is started at the first request and again after it died.

    Methods raise what :func:`ICHSegmentationLib.segment` raises, and `WorkerKilledError` or `WorkerCrashedError` if the
    worker died of a request. One request at a time; those of other threads wait.

    Parameters
    ----------
    python : Path or str, optional
        The interpreter; by default this one.
    environment : mapping of str to str, optional
        The worker's environment variables; by default this process's.
    """

    def __init__(self, python: Path | str = sys.executable, environment: Mapping[str, str] | None = None) -> None:
        self._python = python
        self._environment = dict(os.environ if environment is None else environment)
        self._process: WorkerProcess | None = None
        self._log: tuple[str, ...] = ()
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the worker."""
        self.close()

    @property
    def pid(self) -> int | None:
        """Number of the worker process; None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines that the worker, or the one that died last, wrote to standard error; no patient data."""
        return self._log if self._process is None else self._process.log

    def segment(
        self,
        volume: CTVolume,
        model: str = "default",
        device: str = "auto",
        *,
        runtime: str = "auto",
        threads: int | None = None,
        force: bool = False,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> WorkerResult:
        """Segment a volume; parameters as those of :func:`ICHSegmentationLib.segment`.

        ``cancel`` is asked every 20 ms; half a second after it returned True the work is over.
        """
        with self._lock:
            process = self._running(cancel)
            number = next(self._ids)
            request = SegmentRequest(
                id=number,
                folder=process.folder / f"request-{number}",
                model=model,
                device=device,
                runtime=runtime,
                threads=threads,
                force=force,
            )
            try:
                write_volume(request.folder, volume)
                process.send(request)
                answer = self._answer(process, number, ResultMessage, progress=progress, cancel=cancel)
                label_map = read_labels(answer.labels, volume.grid)
            finally:
                shutil.rmtree(request.folder, ignore_errors=True)
        segmentation = SegmentationResult(
            volume=volume,
            label_map=label_map,
            model=answer.model,
            runtime=answer.runtime,
            timings_s=answer.timings_s,
            warnings=tuple(dict.fromkeys((*volume.warnings, *answer.warnings))),
        )
        return WorkerResult(segmentation=segmentation, measurements=answer.measurements)

    def models(self) -> Manifest:
        """List the models that the worker finds."""
        with self._lock:
            process = self._running()
            number = next(self._ids)
            process.send(ModelsRequest(id=number))
            answer = self._answer(process, number, ModelsMessage)
        return Manifest(default=answer.default, models=answer.models)

    def ping(self) -> None:
        """Return when the worker has answered; starts it, if need be, so that a first request is quicker."""
        with self._lock:
            process = self._running()
            number = next(self._ids)
            process.send(PingRequest(id=number))
            self._answer(process, number, PongMessage)

    def close(self) -> None:
        """End the worker and remove its files; a request that runs in another thread fails."""
        process, self._process = self._process, None
        if process is not None:
            process.shut_down(_EXIT_GRACE_S)
            self._log = process.log

    def _running(self, cancel: Cancel | None = None) -> WorkerProcess:
        """Return the worker, started and greeted."""
        if self._process is not None:
            if self._process.is_usable:
                return self._process
            self._drop()
        self._process = process = WorkerProcess(self._python, self._environment)
        try:
            _greet(process, cancel)
        except EOFError:
            death = process.death(started=False)
            self._drop()
            raise death from None
        except BaseException:
            self._drop()
            raise
        return process

    def _answer(
        self,
        process: WorkerProcess,
        number: int,
        wanted: type[_Answer],
        *,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> _Answer:
        """Return the answer to a request; a worker that may still be at work on it afterwards is killed."""
        try:
            answer = _wait(process, number, progress, cancel)
        except EOFError:
            death = process.death(started=True)
            self._drop()
            raise death from None
        except BaseException:
            self._drop()
            raise
        if isinstance(answer, ErrorMessage):
            raise make_error(answer.kind, answer.message)
        assert isinstance(answer, wanted)
        return answer

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._log = process.log


def _greet(process: WorkerProcess, cancel: Cancel | None) -> None:
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while (hello := process.receive(_POLL_S)) is None:
        if cancel is not None and cancel():
            raise CancelledError(_CANCELLED)
        if time.monotonic() > give_up_at:
            message = f"The worker did not start within {_START_TIMEOUT_S:.0f} s; try again."
            raise WorkerCrashedError(message)
    if not isinstance(hello, HelloMessage) or (hello.protocol, hello.version) != (PROTOCOL, __version__):
        other = hello.version if isinstance(hello, HelloMessage) else "unknown"
        message = f"The worker is of version {other}, this program of version {__version__}; restart it."
        raise WorkerCrashedError(message)


def _wait(
    process: WorkerProcess, number: int, progress: Progress | None, cancel: Cancel | None
) -> ResultMessage | ModelsMessage | PongMessage | ErrorMessage:
    """Wait for the last message of a request, and see to its progress and cancelling on the way."""
    kill_at: float | None = None
    while True:
        try:
            message = process.receive(_POLL_S)
        except EOFError:
            if kill_at is None:
                raise
            raise CancelledError(_CANCELLED) from None
        if isinstance(message, ProgressMessage):
            if progress is not None and message.id == number and kill_at is None:
                progress(message.stage, message.fraction)
        elif message is not None and not isinstance(message, HelloMessage) and message.id in (number, None):
            # A result that came too late is not wanted any more.
            return message if kill_at is None else _cancelled(number)
        if kill_at is None and cancel is not None and cancel():
            process.send(CancelRequest(request=number))
            kill_at = time.monotonic() + CANCEL_GRACE_S
        elif kill_at is not None and time.monotonic() >= kill_at:
            raise CancelledError(_CANCELLED)


def _cancelled(number: int) -> ErrorMessage:
    return ErrorMessage(id=number, kind=FailureKind.CANCELLED, message=_CANCELLED)
