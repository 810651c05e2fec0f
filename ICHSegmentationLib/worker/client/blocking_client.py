# SPDX-License-Identifier: Apache-2.0
"""Client of the worker that waits for each answer.

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

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ICHSegmentationLib.core.errors import ICHSegmentationError, WorkerCrashedError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.models import Device, Manifest
from ICHSegmentationLib.worker.client import conversations
from ICHSegmentationLib.worker.client.launch import EXIT_GRACE_S, START_TIMEOUT_S
from ICHSegmentationLib.worker.client.outcome import WorkerResult
from ICHSegmentationLib.worker.client.pending import PendingRequest, cancelled
from ICHSegmentationLib.worker.client.process import WorkerProcess
from ICHSegmentationLib.worker.client.steps import Work

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox
    from ICHSegmentationLib.core.progress import Cancel, Progress
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.worker.client.conversations import Conversation
    from ICHSegmentationLib.worker.client.steps import Ask
    from ICHSegmentationLib.worker.protocol.messages import (
        CaseMessage,
        CaseRequest,
        PairMessage,
        PairRequest,
        Response,
    )

T = TypeVar("T")
_POLL_S = 0.02
_DEFAULT = SegmentOptions()


class WorkerClient:
    """Client that segments in a worker process, which is started at the first request and again if it died.

    Methods raise what :func:`ICHSegmentationLib.segment` raises, and `WorkerKilledError` or `WorkerCrashedError` if the
    worker died during a request. Requests are done one at a time; other threads wait. A scan is handed over once.

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
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the worker."""
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the worker; None while there is none."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> tuple[str, ...]:
        """Last lines of the worker's standard error, also of a worker that died; no patient data."""
        return self._log if self._process is None else self._process.session.log.lines

    def segment(
        self,
        volume: CTVolume,
        options: SegmentOptions = _DEFAULT,
        *,
        boxes: Sequence[LesionBox] | None = None,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
    ) -> WorkerResult:
        """Segment a volume.

        Parameters
        ----------
        volume : CTVolume
            The scan.
        options : SegmentOptions
            Model, device and the like.
        boxes : sequence of LesionBox, optional
            Segment inside these boxes only, as :func:`ICHSegmentationLib.segment` does.
        progress : callable, optional
            As for :func:`ICHSegmentationLib.segment`.
        cancel : callable, optional
            Called every 20 ms; returning True ends the work within half a second.
        """
        chosen = None if boxes is None else tuple(boxes)
        return self._converse(conversations.segment(volume, options, progress, chosen), cancel)

    def resegment_lesion(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        edit: BoxEdit,
        options: SegmentOptions = _DEFAULT,
        *,
        cancel: Cancel | None = None,
    ) -> LabelMap:
        """Segment one lesion again; see :func:`ICHSegmentationLib.resegment_lesion` and `segment`."""
        return self._converse(conversations.resegment_lesion(volume, label_map, edit, options), cancel)

    def run_case(
        self, request: CaseRequest, *, progress: Progress | None = None, cancel: Cancel | None = None
    ) -> CaseMessage:
        """Read, segment and write a scan in the worker; see `segment`.

        Raises
        ------
        ICHSegmentationError
            As of :func:`ICHSegmentationLib.read_ct`, :func:`ICHSegmentationLib.run` and
            :func:`ICHSegmentationLib.write_results`.
        """
        return self._converse(partial(conversations.case, request, progress), cancel)

    def run_pair(
        self, request: PairRequest, *, progress: Progress | None = None, cancel: Cancel | None = None
    ) -> PairMessage:
        """Compare two segmented scans in the worker, and write the comparison; see `segment`."""
        return self._converse(partial(conversations.pair, request, progress), cancel)

    def models(self) -> Manifest:
        """List the models that the worker finds."""
        return self._converse(conversations.models)

    def devices(self) -> tuple[Device, ...]:
        """List the devices with the reason if one cannot be used; takes seconds if there is a graphics card."""
        return self._converse(conversations.devices)

    def ping(self) -> None:
        """Start the worker if needed, and wait until it answers; the first request is then quicker."""
        self._converse(conversations.ping)

    def close(self) -> None:
        """End the worker and remove its files; a request that runs in another thread fails."""
        process, self._process = self._process, None
        if process is not None:
            process.shut_down(EXIT_GRACE_S)
            self._log = process.session.log.lines

    def _converse(self, conversation: Conversation[T], cancel: Cancel | None = None) -> T:
        """Run a conversation with the worker, which is started if needed."""
        with self._lock:
            process = self._running(cancel)
            steps = conversation(process.session)
            outcome: Any = None
            error: ICHSegmentationError | None = None
            try:
                while True:
                    step = steps.send(outcome) if error is None else steps.throw(error)
                    outcome = error = None
                    try:
                        outcome = step.do() if isinstance(step, Work) else self._ask(process, step, cancel)
                    except ICHSegmentationError as problem:
                        error = problem
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                steps.close()

    def _running(self, cancel: Cancel | None = None) -> WorkerProcess:
        """Return the worker, started and checked."""
        if self._process is not None:
            if self._process.is_usable:
                return self._process
            self._drop()
        self._process = process = WorkerProcess(self._python, self._environment)
        try:
            _greet(process, cancel)
        except EOFError:
            death = process.death()
            self._drop()
            raise death from None
        except BaseException:
            self._drop()
            raise
        return process

    def _ask(self, process: WorkerProcess, ask: Ask, cancel: Cancel | None) -> Response:
        """Return the answer to a request; kill the worker if it may still be working on it."""
        pending = PendingRequest(ask)
        process.send(ask.request)
        try:
            _wait(process, pending, cancel)
        except EOFError:
            death = process.death()
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
            self._log = process.session.log.lines


def _greet(process: WorkerProcess, cancel: Cancel | None) -> None:
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while (hello := process.receive(_POLL_S)) is None:
        if cancel is not None and cancel():
            raise cancelled()
        if time.monotonic() > give_up_at:
            raise WorkerCrashedError(message("worker.no_greeting", seconds=START_TIMEOUT_S))
    process.session.greet(hello)


def _wait(process: WorkerProcess, pending: PendingRequest, cancel: Cancel | None) -> None:
    """Wait for the answer; pass on progress and cancellation."""
    while not pending.is_answered:
        response = process.receive(_POLL_S)
        if response is not None:
            pending.take(response)
        if pending.is_overdue:
            raise cancelled()
        if not pending.is_cancelled and cancel is not None and cancel():
            process.send(pending.cancel())
