# SPDX-License-Identifier: Apache-2.0
"""The host's side of the worker in plain Python.

Examples
--------
>>> from ICHSegmentationLib import read_ct, write_results
>>> from ICHSegmentationLib.export.case import CaseResult
>>> from ICHSegmentationLib.worker.client.blocking_client import WorkerClient
>>> with WorkerClient() as client:  # doctest: +SKIP
...     for folder in folders:
...         write_results(CaseResult.of(client.segment(read_ct(folder)).segmentation), folder / "results")
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ICHSegmentationLib.core.errors import WorkerCrashedError
from ICHSegmentationLib.models import Device, Manifest
from ICHSegmentationLib.worker.client.launch import EXIT_GRACE_S, START_TIMEOUT_S
from ICHSegmentationLib.worker.client.outcome import WorkerResult, read_result
from ICHSegmentationLib.worker.client.pending import Answer, PendingRequest, cancelled, check_hello
from ICHSegmentationLib.worker.client.process import WorkerProcess
from ICHSegmentationLib.worker.protocol.exchange import read_labels, write_case, write_volume
from ICHSegmentationLib.worker.protocol.messages import (
    DevicesMessage,
    DevicesRequest,
    LesionMessage,
    LesionRequest,
    Message,
    ModelsMessage,
    ModelsRequest,
    PingRequest,
    PongMessage,
    ResultMessage,
    SegmentRequest,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.segmentation.boxes.segmentation import BoxEdit

_POLL_S = 0.02


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
        return self._log if self._process is None else self._process.log.lines

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
            process, number = self._running(cancel), next(self._ids)
            with _request_folder(process, number) as folder:
                request = SegmentRequest(
                    id=number,
                    folder=folder,
                    model=model,
                    device=device,
                    runtime=runtime,
                    threads=threads,
                    force=force,
                )
                write_volume(folder, volume)
                pending = PendingRequest(number, ResultMessage, progress)
                return read_result(self._ask(process, request, pending, cancel), volume)

    def resegment_lesion(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        edit: BoxEdit,
        model: str = "default",
        device: str = "auto",
        *,
        runtime: str = "auto",
        threads: int | None = None,
        cancel: Cancel | None = None,
    ) -> LabelMap:
        """Segment one lesion again; parameters as those of :func:`ICHSegmentationLib.resegment_lesion`."""
        with self._lock:
            process, number = self._running(cancel), next(self._ids)
            with _request_folder(process, number) as folder:
                request = LesionRequest(
                    id=number,
                    folder=folder,
                    edit=edit,
                    model=model,
                    device=device,
                    runtime=runtime,
                    threads=threads,
                )
                write_case(folder, volume, label_map)
                answer = self._ask(process, request, PendingRequest(number, LesionMessage), cancel)
                return read_labels(answer.labels, volume.grid)

    def models(self) -> Manifest:
        """List the models that the worker finds."""
        with self._lock:
            request = ModelsRequest(id=next(self._ids))
            answer = self._ask(self._running(), request, PendingRequest(request.id, ModelsMessage))
        return Manifest(default=answer.default, models=answer.models)

    def devices(self) -> tuple[Device, ...]:
        """List what the worker could run on, and why it could not; takes seconds where there is a graphics card."""
        with self._lock:
            request = DevicesRequest(id=next(self._ids))
            return self._ask(self._running(), request, PendingRequest(request.id, DevicesMessage)).devices

    def ping(self) -> None:
        """Return when the worker has answered; starts it, if need be, so that a first request is quicker."""
        with self._lock:
            request = PingRequest(id=next(self._ids))
            self._ask(self._running(), request, PendingRequest(request.id, PongMessage))

    def close(self) -> None:
        """End the worker and remove its files; a request that runs in another thread fails."""
        process, self._process = self._process, None
        if process is not None:
            process.shut_down(EXIT_GRACE_S)
            self._log = process.log.lines

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

    def _ask(
        self, process: WorkerProcess, request: Message, pending: PendingRequest[Answer], cancel: Cancel | None = None
    ) -> Answer:
        """Return the answer to a request; a worker that may still be at work on it afterwards is killed."""
        process.send(request)
        try:
            _wait(process, pending, cancel)
        except EOFError:
            death = process.death(started=True)
            self._drop()
            raise cancelled() if pending.is_cancelled else death from None
        except BaseException:
            self._drop()
            raise
        return pending.result()

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._log = process.log.lines


@contextmanager
def _request_folder(process: WorkerProcess, number: int) -> Iterator[Path]:
    """Give a request's folder, which whoever writes into it makes, and remove it afterwards."""
    folder = process.folder / f"request-{number}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _greet(process: WorkerProcess, cancel: Cancel | None) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while (hello := process.receive(_POLL_S)) is None:
        if cancel is not None and cancel():
            raise cancelled()
        if time.monotonic() > give_up_at:
            message = f"The worker did not start within {START_TIMEOUT_S:.0f} s; try again."
            raise WorkerCrashedError(message)
    check_hello(hello)


def _wait(process: WorkerProcess, pending: PendingRequest[Answer], cancel: Cancel | None) -> None:
    """Wait for the answer, and see to progress and cancelling on the way."""
    while not pending.is_answered:
        message = process.receive(_POLL_S)
        if message is not None:
            pending.take(message)
        if pending.is_overdue:
            raise cancelled()
        if not pending.is_cancelled and cancel is not None and cancel():
            process.send(pending.cancel())
