# SPDX-License-Identifier: Apache-2.0
"""Main loop of the worker: one thread reads requests, another does them."""

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
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.validation import first_problem
from ICHSegmentationLib.models import LoadedModel
from ICHSegmentationLib.worker.protocol.failures import FailureKind, describe
from ICHSegmentationLib.worker.protocol.lines import LONGEST_LINE
from ICHSegmentationLib.worker.protocol.messages import (
    CancelRequest,
    CaseRequest,
    CompareRequest,
    DevicesRequest,
    ErrorMessage,
    ExportRequest,
    HelloMessage,
    LesionRequest,
    ModelsRequest,
    OpenRequest,
    PairRequest,
    PingRequest,
    PongMessage,
    ProgressMessage,
    ProposeRequest,
    SegmentRequest,
    ShutdownRequest,
    parse_request,
)
from ICHSegmentationLib.worker.server.jobs import (
    run_case,
    run_compare,
    run_devices,
    run_export_request,
    run_lesion,
    run_models,
    run_open,
    run_pair,
    run_propose,
    run_segment,
)
from ICHSegmentationLib.worker.server.scans import OpenScans

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.worker.protocol.messages import Request, Response
    from ICHSegmentationLib.worker.server.channel import Channel

    Job = (
        OpenRequest
        | SegmentRequest
        | LesionRequest
        | ModelsRequest
        | DevicesRequest
        | ExportRequest
        | ProposeRequest
        | CompareRequest
        | CaseRequest
        | PairRequest
    )

_GRACE_S = 0.5
_LOG = logging.getLogger(__name__)


class Worker:
    """Worker that answers requests one after the other, until the client closes the stream.

    Parameters
    ----------
    channel : Channel
        Channel to the client.
    folder : Path, optional
        Private folder of the client; removed at the end, in case the client died.
    """

    def __init__(self, channel: Channel, folder: Path | None = None) -> None:
        self._channel = channel
        self._folder = folder
        self._loaded = LoadedModel()
        self._scans = OpenScans()
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._cancels: dict[int, threading.Event] = {}
        self._closing = threading.Event()

    def run(self) -> NoReturn:
        """Answer requests, then end the process."""
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        self._channel.send(HelloMessage(pid=os.getpid()))
        try:
            while (job := self._jobs.get()) is not None and not self._closing.is_set():
                answer = self._answer(job)
                # Before the answer is sent, since the client may then use the number again.
                del self._cancels[job.id]
                self._channel.send(answer)
        except SystemExit as ending:  # a signal; the temporary files of the work are removed by then
            self._end(int(ending.code or 0))
        self._end()

    def _answer(self, job: Job) -> Response:
        cancel = self._cancels[job.id]

        def is_cancelled() -> bool:
            return cancel.is_set() or self._closing.is_set()

        def progress(stage: str, fraction: float) -> None:
            if is_cancelled():
                raise CancelledError(message("worker.cancelled"))
            self._channel.send(ProgressMessage(id=job.id, stage=stage, fraction=fraction))

        try:
            return self._do(job, progress, is_cancelled)
        except Exception as error:
            kind, sentence = describe(error)
            if kind in (FailureKind.OUT_OF_MEMORY, FailureKind.OUT_OF_GPU_MEMORY, FailureKind.FAILURE):
                _LOG.exception("request %d failed", job.id)
                # Free memory, and drop objects that may be in an invalid state.
                self._loaded.forget()
                self._scans.forget()
            return ErrorMessage.of(job.id, kind, sentence)

    def _do(self, job: Job, progress: Progress, is_cancelled: Cancel) -> Response:
        answer: Response
        match job:
            case ModelsRequest():
                answer = run_models(job)
            case DevicesRequest():
                answer = run_devices(job)
            case OpenRequest():
                answer = run_open(job, self._scans)
            case ExportRequest():
                answer = run_export_request(job, self._scans, progress)
            case ProposeRequest():
                answer = run_propose(job, self._scans)
            case CompareRequest():
                answer = run_compare(job, self._scans, progress)
            case CaseRequest():
                answer = run_case(job, self._loaded, progress, is_cancelled)
            case PairRequest():
                answer = run_pair(job, progress)
            case LesionRequest():
                answer = run_lesion(job, self._scans, self._loaded, is_cancelled)
            case SegmentRequest():
                answer = run_segment(job, self._scans, self._loaded, progress, is_cancelled)
        return answer

    def _listen(self) -> None:
        try:
            for line in self._channel.lines():
                if line is None:
                    sentence = message("worker.line_too_long", most=LONGEST_LINE)
                    self._channel.send(ErrorMessage.of(None, FailureKind.BAD_INPUT, sentence))
                    continue
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
            # Do not wait for work that ignores the cancel: no client is left to kill this process.
            time.sleep(_GRACE_S)
            self._end()

    def _take(self, request: Request) -> None:
        match request:
            case PingRequest():
                self._channel.send(PongMessage(id=request.id))
            case CancelRequest():
                if request.request in self._cancels:
                    self._cancels[request.request].set()
            case ShutdownRequest():
                pass  # `_listen` has ended
            case _:
                if request.id in self._cancels:
                    sentence = message("worker.number_in_use", number=request.id)
                    self._channel.send(ErrorMessage.of(None, FailureKind.BAD_INPUT, sentence))
                    return
                self._cancels[request.id] = threading.Event()
                self._jobs.put(request)

    def _refuse(self, line: bytes, error: ValidationError) -> None:
        place, problem = first_problem(error, whole="the line")
        sentence = message("worker.request_not_understood", place=place, problem=problem)
        self._channel.send(ErrorMessage.of(_id_of(line), FailureKind.BAD_INPUT, sentence))

    def _end(self, code: int = 0) -> NoReturn:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        # Skip exit handlers: those of native libraries can hang while the other thread is inside such a library.
        os._exit(code)


def _id_of(line: bytes) -> int | None:
    """Return the ID of an invalid request if it can be read, so that the client knows which request failed."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    number = content.get("id") if isinstance(content, dict) else None
    return number if isinstance(number, int) else None
