# SPDX-License-Identifier: Apache-2.0
"""The host's side of the worker for a program with an event loop: nothing waits, everything calls back."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.export.job import ScanFiles
from ICHSegmentationLib.models import Device, Manifest
from ICHSegmentationLib.worker.client.event_worker import EventWorker
from ICHSegmentationLib.worker.client.outcome import WorkerComparison, WorkerResult, read_comparison, read_result
from ICHSegmentationLib.worker.client.pending import PendingRequest, cancelled
from ICHSegmentationLib.worker.protocol.exchange import read_labels, write_case, write_pair, write_volume
from ICHSegmentationLib.worker.protocol.messages import (
    ComparedMessage,
    CompareRequest,
    DevicesMessage,
    DevicesRequest,
    ExportedMessage,
    ExportRequest,
    LesionMessage,
    LesionRequest,
    Message,
    ModelsMessage,
    ModelsRequest,
    ProposedMessage,
    ProposeRequest,
    Response,
    ResultMessage,
    SegmentRequest,
)

if TYPE_CHECKING:
    from ICHSegmentationLib.core.errors import ICHSegmentationError
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.export.job import ExportJob
    from ICHSegmentationLib.measurement.user_items import Proposals
    from ICHSegmentationLib.segmentation.boxes.segmentation import BoxEdit
    from ICHSegmentationLib.worker.client.host_loop import HostLoop

Failed = Callable[[Exception], None]
_FolderRequest = SegmentRequest | LesionRequest | ExportRequest | ProposeRequest | CompareRequest
_EXPORT_GRACE_S = 10.0
"""An export looks up at each file. Killed earlier, it would leave its half-made files in the user's folder."""


@dataclass(eq=False)
class _Job:
    """A request and whom to tell of its end.

    Attributes
    ----------
    request
        What to send; None until its files are written.
    read
        Makes of the worker's answer what the asker gets.
    """

    pending: PendingRequest[Any]
    read: Callable[[Any], Any]
    finished: Callable[[Any], None]
    failed: Failed
    request: Message | None = None
    is_sent: bool = False

    @property
    def is_at_work(self) -> bool:
        """Whether the worker has it in hand."""
        return self.is_sent and not self.pending.is_answered


class EventClient:
    """Segments in a worker process, which is started at the first request and again after it died.

    Every method returns at once. Callbacks come from the loop, exactly one of ``finished`` and ``failed`` for each
    request; ``failed`` gets the exception that :func:`ICHSegmentationLib.segment` would raise, or `WorkerKilledError`
    or `WorkerCrashedError`.

    Parameters
    ----------
    loop : HostLoop
        The host's event loop.
    python : callable
        Returns the path of the interpreter; asked at each start of a worker.
    environment : callable
        Returns the worker's environment variables; likewise.
    folder : callable
        Returns the folder for temporary files, or None for the system's choice; likewise.
    """

    def __init__(
        self,
        loop: HostLoop,
        python: Callable[[], str],
        environment: Callable[[], Mapping[str, str]],
        folder: Callable[[], Path | None],
    ) -> None:
        self._loop = loop
        self._python = python
        self._environment = environment
        self._folder = folder
        self._worker: EventWorker | None = None
        self._leaving: list[EventWorker] = []
        self._log: tuple[str, ...] = ()
        self._jobs: list[_Job] = []
        self._working: _Job | None = None
        self._numbers = itertools.count(1)

    @property
    def is_busy(self) -> bool:
        """Whether work other than a list is under way; only then no other may be asked for."""
        return self._working is not None

    @property
    def log(self) -> tuple[str, ...]:
        """The last lines of the worker's log, or of that of the one that died last; no patient data."""
        return self._log if self._worker is None else self._worker.log.lines

    def prepare(self) -> None:
        """Start the worker, so that a first request is quicker. Failures show at that request."""
        self._loop.call_later(0, self._start_in_advance)

    def segment(
        self,
        volume: CTVolume,
        model: str = "default",
        device: str = "auto",
        *,
        force: bool = False,
        progress: Progress,
        finished: Callable[[WorkerResult], None],
        failed: Failed,
    ) -> None:
        """Segment a volume; parameters as those of :func:`ICHSegmentationLib.segment`.

        ``progress`` gets the stage "start" first, while the worker starts and the volume is written for it.

        Raises
        ------
        RuntimeError
            If a segmentation or an export is under way.
        """
        number = next(self._numbers)
        job = _Job(
            PendingRequest(number, ResultMessage, progress), partial(read_result, volume=volume), finished, failed
        )
        make_request = partial(SegmentRequest, id=number, model=model, device=device, force=force)
        self._hand_over(job, make_request, partial(write_volume, volume=volume), progress)

    def export(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        job: ExportJob,
        *,
        model_label_map: LabelMap | None = None,
        growth_picture: bytes | None = None,
        progress: Progress,
        finished: Callable[[tuple[Path, ...]], None],
        failed: Failed,
    ) -> None:
        """Write files of a volume and its labels.

        Parameters
        ----------
        volume, label_map, model_label_map
            The scan, its labels, and what the model had labelled, if that is known.
        job : ExportJob
            Which files, and where to.
        growth_picture : bytes, optional
            PNG of the growth that the job tells.
        progress, finished, failed
            As for `segment`; ``finished`` gets the files.

        Raises
        ------
        RuntimeError
            If a segmentation or an export is under way.
        """
        number = next(self._numbers)
        pending = PendingRequest(number, ExportedMessage, progress, grace_s=_EXPORT_GRACE_S)
        asked = _Job(pending, _files, finished, failed)
        write = partial(
            write_case,
            volume=volume,
            label_map=label_map,
            model_label_map=model_label_map,
            growth_picture=growth_picture,
        )
        self._hand_over(asked, partial(ExportRequest, id=number, job=job), write, progress)

    def resegment_lesion(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        edit: BoxEdit,
        model: str = "default",
        device: str = "auto",
        *,
        finished: Callable[[LabelMap], None],
        failed: Failed,
    ) -> None:
        """Segment one lesion again; parameters as those of :func:`ICHSegmentationLib.resegment_lesion`.

        ``finished`` gets the new labels.

        Raises
        ------
        RuntimeError
            If other work is under way.
        """
        number = next(self._numbers)
        asked = _Job(PendingRequest(number, LesionMessage), partial(_labels, volume=volume), finished, failed)
        make_request = partial(LesionRequest, id=number, edit=edit, model=model, device=device)
        write = partial(write_case, volume=volume, label_map=label_map)
        self._hand_over(asked, make_request, write, lambda _stage, _fraction: None)

    def propose(
        self, volume: CTVolume, label_map: LabelMap, *, finished: Callable[[Proposals], None], failed: Failed
    ) -> None:
        """Measure a volume's labels for the scores.

        Raises
        ------
        RuntimeError
            If other work is under way.
        """
        number = next(self._numbers)
        asked = _Job(PendingRequest(number, ProposedMessage), _proposals, finished, failed)
        write = partial(write_case, volume=volume, label_map=label_map)
        self._hand_over(asked, partial(ProposeRequest, id=number), write, lambda _stage, _fraction: None)

    def compare(
        self,
        baseline: tuple[CTVolume, LabelMap],
        followup: tuple[CTVolume, LabelMap],
        warnings: tuple[str, ...] = (),
        *,
        progress: Progress,
        finished: Callable[[WorkerComparison], None],
        failed: Failed,
    ) -> None:
        """Register two scans of a patient and compare their labels.

        Parameters
        ----------
        baseline, followup : tuple of CTVolume and LabelMap
            The earlier and the later scan with its labels.
        warnings : tuple of str
            Of reading them.
        progress, finished, failed
            As for `segment`; ``finished`` gets the comparison.

        Raises
        ------
        RuntimeError
            If other work is under way.
        """
        number = next(self._numbers)
        asked = _Job(PendingRequest(number, ComparedMessage, progress), read_comparison, finished, failed)
        first, second = (ScanFiles.of(volume.source) for volume, _ in (baseline, followup))
        request = partial(CompareRequest, id=number, baseline=first, followup=second, warnings=warnings)
        write = partial(write_pair, baseline=baseline, followup=followup)
        self._hand_over(asked, request, write, progress)

    def models(self, finished: Callable[[Manifest], None], failed: Failed) -> None:
        """List the models that the worker finds."""
        number = next(self._numbers)
        self._query(_Job(PendingRequest(number, ModelsMessage), _manifest, finished, failed, ModelsRequest(id=number)))

    def devices(self, finished: Callable[[tuple[Device, ...]], None], failed: Failed) -> None:
        """List what the worker could run on, and why it could not; takes seconds where there is a graphics card."""
        number = next(self._numbers)
        self._query(_Job(PendingRequest(number, DevicesMessage), _devices, finished, failed, DevicesRequest(id=number)))

    def cancel(self) -> None:
        """Stop the work: within half a second it fails with `CancelledError`. An export stops at its next file."""
        job = self._working
        if job is None or job.pending.is_cancelled:
            return
        message = job.pending.cancel()
        if job.is_at_work and self._worker is not None:
            self._worker.send(message)
            self._loop.call_later(job.pending.grace_s, partial(self._kill_overdue, job))
        else:
            self._loop.call_later(0, partial(self._fail, job, cancelled()))

    def abandon(self) -> None:
        """Stop the work at once; none of its callbacks is called any more. An export goes on."""
        job = self._working
        if job is not None and not job.pending.wants(ExportedMessage):
            self._forget(job)
            if job.is_at_work:
                self._replace_worker()

    def close(self) -> None:
        """End the worker, wait until it is gone with its files, and call nobody back any more."""
        self._jobs.clear()
        self._working = None
        self._loop.close()
        if self._worker is not None:
            self._leaving.append(self._worker)
            self._worker = None
        for worker in tuple(self._leaving):
            worker.finish()
            self._log = worker.log.lines
        self._leaving.clear()

    def _start_in_advance(self) -> None:
        try:
            self._running()
        except Exception as error:
            self._log = (str(error),)

    def _running(self) -> EventWorker:
        """Return the worker, started if need be."""
        if self._worker is not None:
            if self._worker.is_usable:
                return self._worker
            self._drop_worker()
        self._worker = EventWorker(
            self._loop,
            self._python(),
            self._environment(),
            self._folder(),
            on_ready=lambda _: self._send_waiting(),
            on_message=self._take,
            on_end=self._take_end,
        )
        return self._worker

    def _hand_over(
        self, job: _Job, make_request: Callable[..., _FolderRequest], write: Callable[[Path], None], progress: Progress
    ) -> None:
        if self._working is not None:
            message = "The worker is at work."
            raise RuntimeError(message)
        self._working = job
        self._jobs.append(job)
        self._loop.call_later(0, partial(self._begin, job, make_request, write, progress))

    def _begin(
        self, job: _Job, make_request: Callable[..., _FolderRequest], write: Callable[[Path], None], progress: Progress
    ) -> None:
        """Start the worker and, beside it, write the request's files."""
        if job not in self._jobs:
            return
        try:
            worker = self._running()
        except Exception as error:
            self._fail(job, error)
            return
        request = make_request(folder=worker.folder / f"request-{job.pending.number}")
        take = partial(self._take_written, job, worker, request)
        self._loop.run_in_background(partial(write, request.folder), take)
        progress("start", 0.0)

    def _take_written(
        self, job: _Job, worker: EventWorker, request: _FolderRequest, _: None, error: Exception | None
    ) -> None:
        if job not in self._jobs or worker is not self._worker:
            worker.remove_late_files(request.folder)
        elif error is not None:
            worker.remove_late_files(request.folder)
            self._fail(job, error)
        else:
            job.request = request
            self._send_waiting()

    def _query(self, job: _Job) -> None:
        self._jobs.append(job)
        self._loop.call_later(0, partial(self._begin_query, job))

    def _begin_query(self, job: _Job) -> None:
        try:
            self._running()
        except Exception as error:
            self._fail(job, error)
            return
        self._send_waiting()

    def _send_waiting(self) -> None:
        if self._worker is None or not self._worker.is_ready:
            return
        for job in self._jobs:
            if job.request is not None and not job.is_sent and not job.pending.is_cancelled:
                job.is_sent = True
                self._worker.send(job.request)

    def _take(self, worker: EventWorker, message: Response) -> None:
        if worker is not self._worker:
            return
        for job in tuple(self._jobs):
            if job.is_at_work:
                job.pending.take(message)
                if job.pending.is_answered:
                    self._take_answer(job)

    def _take_answer(self, job: _Job) -> None:
        self._loop.run_in_background(partial(_read, job), partial(self._take_read, job))

    def _take_read(self, job: _Job, result: Any, error: Exception | None) -> None:
        if error is not None:
            self._fail(job, error)
        elif job in self._jobs and not job.pending.is_cancelled:
            self._forget(job)
            job.finished(result)

    def _kill_overdue(self, job: _Job) -> None:
        if job in self._jobs:
            self._forget(job)
            self._replace_worker()
            job.failed(cancelled())

    def _replace_worker(self) -> None:
        self._drop_worker()
        if self._jobs:
            self.prepare()

    def _drop_worker(self) -> None:
        """Kill the worker; what else it was asked will be asked of the next."""
        worker, self._worker = self._worker, None
        if worker is not None:
            self._leaving.append(worker)
            worker.kill()
        for job in self._jobs:
            job.is_sent = job.pending.is_answered

    def _take_end(self, worker: EventWorker, error: ICHSegmentationError) -> None:
        self._log = worker.log.lines
        if worker in self._leaving:
            self._leaving.remove(worker)
        if worker is not self._worker:
            return
        self._worker = None
        for job in self._jobs:
            # Each by itself: what one asker's callback raises must not keep the others from being told.
            self._loop.call_later(0, partial(self._fail, job, cancelled() if job.pending.is_cancelled else error))

    def _fail(self, job: _Job, error: Exception) -> None:
        if job in self._jobs:
            self._forget(job)
            job.failed(error)

    def _forget(self, job: _Job) -> None:
        self._jobs.remove(job)
        if job is self._working:
            self._working = None


def _read(job: _Job) -> Any:
    """Return what the asker gets, and remove the request's files."""
    try:
        return job.read(job.pending.result())
    finally:
        if isinstance(job.request, _FolderRequest):
            shutil.rmtree(job.request.folder, ignore_errors=True)


def _files(answer: ExportedMessage) -> tuple[Path, ...]:
    return answer.files


def _labels(answer: LesionMessage, volume: CTVolume) -> LabelMap:
    return read_labels(answer.labels, volume.grid)


def _proposals(answer: ProposedMessage) -> Proposals:
    return answer.proposals


def _manifest(answer: ModelsMessage) -> Manifest:
    return Manifest(default=answer.default, models=answer.models)


def _devices(answer: DevicesMessage) -> tuple[Device, ...]:
    return answer.devices
