# SPDX-License-Identifier: Apache-2.0
"""Client of the worker for an application with an event loop: methods return at once and call back later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.worker.client import conversations
from ICHSegmentationLib.worker.client.event_worker import EventWorker
from ICHSegmentationLib.worker.client.pending import PendingRequest, cancelled
from ICHSegmentationLib.worker.client.steps import Work

if TYPE_CHECKING:
    from ICHSegmentationLib.core.errors import ICHSegmentationError
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import BoxEdit
    from ICHSegmentationLib.core.progress import Progress
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.export.job import ExportJob
    from ICHSegmentationLib.measurement.user_items import Proposals
    from ICHSegmentationLib.models import Device, Manifest
    from ICHSegmentationLib.worker.client.application_loop import ApplicationLoop
    from ICHSegmentationLib.worker.client.conversations import Conversation, Steps
    from ICHSegmentationLib.worker.client.outcome import WorkerComparison, WorkerResult
    from ICHSegmentationLib.worker.protocol.messages import Response

Failed = Callable[[Exception], None]
_DEFAULT = SegmentOptions()


@dataclass(eq=False)
class _Job:
    """A conversation with the worker and its callbacks.

    Attributes
    ----------
    steps
        The running conversation; None until it was started with the current worker.
    worker
        Worker of the running conversation.
    pending
        The last request.
    is_sent
        Whether this request was sent.
    is_working
        Whether a step is running in the background.
    is_cancelled
        Whether the user has cancelled.
    """

    conversation: Conversation[Any]
    finished: Callable[[Any], None]
    failed: Failed
    is_export: bool = False
    steps: Steps[Any] | None = None
    worker: EventWorker | None = None
    pending: PendingRequest | None = None
    is_sent: bool = False
    is_working: bool = False
    is_cancelled: bool = False

    @property
    def request_at_work(self) -> PendingRequest | None:
        """The request that the worker is doing."""
        is_open = self.pending is not None and self.is_sent and not self.pending.is_answered
        return self.pending if is_open else None

    def restart(self) -> None:
        """Reset the conversation, to start it again with another worker."""
        self.close()
        self.steps = self.worker = self.pending = None
        self.is_sent = self.is_working = False

    def close(self) -> None:
        """End the conversation, which removes its files; if a step runs in the background, this follows at its end."""
        if self.steps is not None and not self.is_working:
            self.steps.close()


class EventClient:
    """Client that segments in a worker process, which is started at the first request and again if it died.

    Every method returns at once. For each request the loop calls either ``finished`` or ``failed``, once; ``failed``
    receives the exception that :func:`ICHSegmentationLib.segment` would raise, or `WorkerKilledError` or
    `WorkerCrashedError`. A scan is handed over once.

    Parameters
    ----------
    loop : ApplicationLoop
        Event loop of the application.
    python : callable
        Returns the path of the interpreter; called at each start of a worker.
    environment : callable
        Returns the worker's environment variables; called at each start.
    folder : callable
        Returns the folder for temporary files, or None for the system's default; called at each start.
    """

    def __init__(
        self,
        loop: ApplicationLoop,
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

    @property
    def is_busy(self) -> bool:
        """Whether a segmentation, export or similar work is running; only one may run. Lists do not count."""
        return self._working is not None

    @property
    def log(self) -> tuple[str, ...]:
        """Last lines of the worker's log, also of a worker that died; no patient data."""
        return self._log if self._worker is None else self._worker.session.log.lines

    def prepare(self) -> None:
        """Start the worker, so that the first request is quicker; that request reports failures."""
        self._loop.call_later(0, self._start_in_advance)

    def segment(
        self,
        volume: CTVolume,
        options: SegmentOptions = _DEFAULT,
        *,
        progress: Progress,
        finished: Callable[[WorkerResult], None],
        failed: Failed,
    ) -> None:
        """Segment a volume.

        Parameters
        ----------
        volume : CTVolume
            The scan; must not be changed until the work has ended.
        options : SegmentOptions
            Model, device and the like.
        progress : callable
            As for :func:`ICHSegmentationLib.segment`; the first stage is "start", in which the worker starts and
            receives the scan.
        finished, failed : callable
            Called with the result or with an exception.

        Raises
        ------
        RuntimeError
            If other work is running.
        """
        self._begin_work(_Job(conversations.segment(volume, options, progress), finished, failed), progress)

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
            The scan, its labels, and the labels of the model if known.
        job : ExportJob
            Files to write and their folder.
        growth_picture : bytes, optional
            PNG of the growth in the job.
        progress, finished, failed
            As for `segment`; ``finished`` receives the files.

        Raises
        ------
        RuntimeError
            If other work is running.
        """
        conversation = conversations.export(volume, label_map, job, model_label_map, growth_picture, progress)
        self._begin_work(_Job(conversation, finished, failed, is_export=True), progress)

    def resegment_lesion(
        self,
        volume: CTVolume,
        label_map: LabelMap,
        edit: BoxEdit,
        options: SegmentOptions = _DEFAULT,
        *,
        finished: Callable[[LabelMap], None],
        failed: Failed,
    ) -> None:
        """Segment one lesion again; see :func:`ICHSegmentationLib.resegment_lesion`.

        ``finished`` receives the new labels.

        Raises
        ------
        RuntimeError
            If other work is running.
        """
        self._begin_work(_Job(conversations.resegment_lesion(volume, label_map, edit, options), finished, failed))

    def propose(
        self, volume: CTVolume, label_map: LabelMap, *, finished: Callable[[Proposals], None], failed: Failed
    ) -> None:
        """Measure a volume's labels for the scores.

        Raises
        ------
        RuntimeError
            If other work is running.
        """
        self._begin_work(_Job(conversations.propose(volume, label_map), finished, failed))

    def compare(
        self,
        baseline: tuple[CTVolume, LabelMap],
        followup: tuple[CTVolume, LabelMap],
        warnings: tuple[str, ...] = (),
        assessed: tuple[bool, bool] = (True, True),
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
            Warnings of reading them.
        assessed : tuple of bool
            Whether the scans were assessed.
        progress, finished, failed
            As for `segment`; ``finished`` receives the comparison.

        Raises
        ------
        RuntimeError
            If other work is running.
        """
        conversation = conversations.compare(baseline, followup, warnings, assessed, progress)
        self._begin_work(_Job(conversation, finished, failed), progress)

    def models(self, finished: Callable[[Manifest], None], failed: Failed) -> None:
        """List the models that the worker finds."""
        self._add(_Job(conversations.models, finished, failed))

    def devices(self, finished: Callable[[tuple[Device, ...]], None], failed: Failed) -> None:
        """List the devices with the reason if one cannot be used; takes seconds if there is a graphics card."""
        self._add(_Job(conversations.devices, finished, failed))

    def cancel(self) -> None:
        """Cancel the work; it fails with `CancelledError` within half a second. An export stops at its next file."""
        job = self._working
        if job is None or job.is_cancelled:
            return
        job.is_cancelled = True
        pending = job.request_at_work
        if pending is not None and self._worker is not None:
            self._worker.send(pending.cancel())
            self._loop.call_later(pending.grace_s, partial(self._kill_overdue, job))
        else:
            self._loop.call_later(0, partial(self._fail, job, cancelled()))

    def abandon(self) -> None:
        """Stop the work at once without calling back. An export continues."""
        job = self._working
        if job is not None and not job.is_export:
            is_at_work = job.request_at_work is not None
            self._forget(job)
            if is_at_work:
                self._replace_worker(self._worker)

    def close(self) -> None:
        """End the worker, wait until process and files are gone, and drop all callbacks."""
        self._jobs.clear()
        self._working = None
        self._loop.close()
        if self._worker is not None:
            self._leaving.append(self._worker)
            self._worker = None
        for worker in tuple(self._leaving):
            worker.finish()
            self._log = worker.session.log.lines
        self._leaving.clear()

    def _start_in_advance(self) -> None:
        try:
            self._running()
        except Exception as error:
            self._log = (str(error),)

    def _running(self) -> EventWorker:
        """Return the worker, which is started if needed."""
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
        self._begin_waiting()
        return self._worker

    def _begin_work(self, job: _Job, progress: Progress | None = None) -> None:
        """Add a job; only one may run at a time."""
        if self._working is not None:
            raise RuntimeError(message("worker.busy"))
        self._working = job
        self._add(job, progress)

    def _add(self, job: _Job, progress: Progress | None = None) -> None:
        self._jobs.append(job)
        self._loop.call_later(0, partial(self._begin, job, progress))

    def _begin(self, job: _Job, progress: Progress | None) -> None:
        """Start the worker if needed, and the job."""
        if job not in self._jobs:
            return
        try:
            self._running()
        except Exception as error:
            self._fail(job, error)
            return
        self._begin_waiting()
        if progress is not None:
            progress("start", 0.0)

    def _begin_waiting(self) -> None:
        """Start all jobs that were not yet started with the current worker."""
        for job in tuple(self._jobs):
            if job.steps is None and self._worker is not None:
                job.worker = self._worker
                job.steps = job.conversation(self._worker.session)
                self._advance(job)

    def _advance(self, job: _Job, outcome: Any = None, error: Exception | None = None) -> None:
        """Pass the outcome of the last step to a conversation, and start the next step."""
        assert job.steps is not None
        assert job.worker is not None
        try:
            step = job.steps.send(outcome) if error is None else job.steps.throw(error)
        except StopIteration as end:
            # Call back later: an exception of a callback must not affect other jobs.
            self._loop.call_later(0, partial(self._finish, job, end.value))
        except Exception as problem:
            self._loop.call_later(0, partial(self._fail, job, problem))
        else:
            if isinstance(step, Work):
                job.is_working = True
                self._loop.run_in_background(step.do, partial(self._take_work, job, job.steps, job.worker))
            else:
                job.pending, job.is_sent = PendingRequest(step), False
                self._send_waiting()

    def _take_work(
        self, job: _Job, steps: Steps[Any], worker: EventWorker, outcome: Any, error: Exception | None
    ) -> None:
        if steps is job.steps:
            job.is_working = False
            if job in self._jobs and worker is self._worker and not job.is_cancelled:
                self._advance(job, outcome, error)
                return
        # The step may have written files after the job or the worker removed theirs.
        steps.close()
        worker.remove_late_files()

    def _send_waiting(self) -> None:
        if self._worker is None or not self._worker.session.is_greeted:
            return
        for job in self._jobs:
            if job.pending is not None and not job.is_sent and not job.is_cancelled:
                job.is_sent = True
                self._worker.send(job.pending.request)

    def _take(self, worker: EventWorker, response: Response) -> None:
        if worker is not self._worker:
            return
        for job in tuple(self._jobs):
            pending = job.request_at_work
            if pending is None:
                continue
            pending.take(response)
            if pending.is_answered:
                try:
                    answer = pending.result()
                except Exception as error:
                    self._advance(job, error=error)
                else:
                    self._advance(job, answer)

    def _kill_overdue(self, job: _Job) -> None:
        if job in self._jobs:
            self._forget(job)
            # After the callback: a kill looks through all processes of the system.
            self._loop.call_later(0, partial(self._replace_worker, self._worker))
            job.failed(cancelled())

    def _replace_worker(self, worker: EventWorker | None) -> None:
        """Kill a worker unless it was replaced already, and start the next if it is needed."""
        if worker is self._worker:
            self._drop_worker()
            if self._jobs:
                self.prepare()

    def _drop_worker(self) -> None:
        """Kill the worker; its other jobs start again with the next worker."""
        worker, self._worker = self._worker, None
        if worker is not None:
            self._leaving.append(worker)
            worker.kill()
        for job in self._jobs:
            job.restart()

    def _take_end(self, worker: EventWorker, error: ICHSegmentationError) -> None:
        self._log = worker.session.log.lines
        if worker in self._leaving:
            self._leaving.remove(worker)
        if worker is not self._worker:
            return
        self._worker = None
        for job in self._jobs:
            # One call each: an exception of a callback must not affect the others.
            self._loop.call_later(0, partial(self._fail, job, cancelled() if job.is_cancelled else error))

    def _finish(self, job: _Job, result: Any) -> None:
        if job in self._jobs and not job.is_cancelled:
            self._forget(job)
            job.finished(result)

    def _fail(self, job: _Job, error: Exception) -> None:
        if job in self._jobs:
            self._forget(job)
            job.failed(error)

    def _forget(self, job: _Job) -> None:
        self._jobs.remove(job)
        if job is self._working:
            self._working = None
        job.close()
