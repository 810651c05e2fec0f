# SPDX-License-Identifier: Apache-2.0
"""The worker: one thread listens, one works."""

from __future__ import annotations

import json
import logging
import os
import queue
import shutil
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pydantic import ValidationError

from ICHSegmentationLib.core.errors import CancelledError
from ICHSegmentationLib.models import LoadedModel
from ICHSegmentationLib.worker.protocol.failures import FailureKind, describe
from ICHSegmentationLib.worker.protocol.messages import (
    CancelRequest,
    CompareRequest,
    DevicesRequest,
    ErrorMessage,
    ExportRequest,
    HelloMessage,
    LesionRequest,
    ModelsRequest,
    PingRequest,
    PongMessage,
    ProgressMessage,
    ProposeRequest,
    SegmentRequest,
    ShutdownRequest,
    parse_request,
)
from ICHSegmentationLib.worker.server.jobs import (
    run_compare,
    run_devices,
    run_export_request,
    run_lesion,
    run_models,
    run_propose,
    run_segment,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.worker.protocol.messages import Request, Response
    from ICHSegmentationLib.worker.server.channel import Channel

    Job = (
        SegmentRequest
        | LesionRequest
        | ModelsRequest
        | DevicesRequest
        | ExportRequest
        | ProposeRequest
        | CompareRequest
    )

_GRACE_S = 0.5
_CANCELLED = "The work was cancelled."
_LOG = logging.getLogger(__name__)


class Worker:
    """Answers a host's requests, one after the other, until it closes its end.

    Parameters
    ----------
    channel : Channel
        To the host.
    folder : Path, optional
        The host's private folder; removed at the end, in case the host is no more.
    """

    def __init__(self, channel: Channel, folder: Path | None = None) -> None:
        self._channel = channel
        self._folder = folder
        self._loaded = LoadedModel()
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._cancels: dict[int, threading.Event] = {}
        self._closing = threading.Event()

    def run(self) -> NoReturn:
        """Work, then end the process."""
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        self._channel.send(HelloMessage(pid=os.getpid()))
        while (job := self._jobs.get()) is not None and not self._closing.is_set():
            answer = self._answer(job)
            # Before the answer is sent: afterwards the host may use the number again.
            del self._cancels[job.id]
            self._channel.send(answer)
        self._end()

    def _answer(self, job: Job) -> Response:
        cancel = self._cancels[job.id]

        def is_cancelled() -> bool:
            return cancel.is_set() or self._closing.is_set()

        def progress(stage: str, fraction: float) -> None:
            if is_cancelled():
                raise CancelledError(_CANCELLED)
            self._channel.send(ProgressMessage(id=job.id, stage=stage, fraction=fraction))

        try:
            return self._do(job, progress, is_cancelled)
        except Exception as error:
            kind, message = describe(error)
            if kind in (FailureKind.OUT_OF_MEMORY, FailureKind.OUT_OF_GPU_MEMORY, FailureKind.FAILURE):
                _LOG.exception("request %d failed", job.id)
                # The model may be what fills the memory, or have been left in a bad state.
                self._loaded.forget()
            return ErrorMessage(id=job.id, kind=kind, message=message)

    def _do(self, job: Job, progress: Progress, is_cancelled: Cancel) -> Response:
        answer: Response
        match job:
            case ModelsRequest():
                answer = run_models(job)
            case DevicesRequest():
                answer = run_devices(job)
            case ExportRequest():
                answer = run_export_request(job, progress)
            case ProposeRequest():
                answer = run_propose(job)
            case CompareRequest():
                answer = run_compare(job, progress)
            case LesionRequest():
                answer = run_lesion(job, self._loaded, is_cancelled)
            case SegmentRequest():
                answer = run_segment(job, self._loaded, progress, is_cancelled)
        return answer

    def _listen(self) -> None:
        try:
            for line in self._channel.lines():
                try:
                    request = parse_request(line)
                except ValidationError as error:
                    self._refuse(line, error)
                    continue
                if isinstance(request, ShutdownRequest):
                    break
                self._take(request)
        finally:
            self._closing.set()
            self._jobs.put(None)
            # Work that does not look up in time is not waited for: nobody is there to kill this process.
            time.sleep(_GRACE_S)
            self._end()

    def _take(self, request: Request) -> None:
        match request:
            case PingRequest():
                self._channel.send(PongMessage(id=request.id))
            case CancelRequest():
                if request.request in self._cancels:
                    self._cancels[request.request].set()
            case (
                SegmentRequest()
                | LesionRequest()
                | ModelsRequest()
                | DevicesRequest()
                | ExportRequest()
                | ProposeRequest()
                | CompareRequest()
            ):
                if request.id in self._cancels:
                    message = f"The number {request.id} is still that of another request."
                    self._channel.send(ErrorMessage(id=None, kind=FailureKind.BAD_INPUT, message=message))
                    return
                self._cancels[request.id] = threading.Event()
                self._jobs.put(request)

    def _refuse(self, line: bytes, error: ValidationError) -> None:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        message = f"The worker did not understand a request, at {place}: {first['msg']}."
        self._channel.send(ErrorMessage(id=_id_of(line), kind=FailureKind.BAD_INPUT, message=message))

    def _end(self) -> NoReturn:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        # At once: the exit handlers of native libraries can hang, and the other thread may be inside one.
        os._exit(0)


def _id_of(line: bytes) -> int | None:
    """Return a request's number, if that much of it can be read, so that the host knows which one failed."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    number = content.get("id") if isinstance(content, dict) else None
    return number if isinstance(number, int) else None
