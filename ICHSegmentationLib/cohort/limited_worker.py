# SPDX-License-Identifier: Apache-2.0
"""A worker process that does one job at a time within limits; what a job does to it costs that job only."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ICHSegmentationLib.cohort.jobs import Job, Kind, Outcome, State
from ICHSegmentationLib.core.errors import (
    CancelledError,
    DiskFullError,
    ICHSegmentationError,
    ModelError,
    NoGraphicsCardError,
    UnknownModelError,
)
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.core.options import SegmentOptions
from ICHSegmentationLib.core.storage.files import flush_folder, write_error
from ICHSegmentationLib.export.deidentification.scan import deidentified_path
from ICHSegmentationLib.worker.client.blocking_client import WorkerClient
from ICHSegmentationLib.worker.client.process_tree import kill_tree
from ICHSegmentationLib.worker.protocol.messages import CaseRequest, PairRequest

# Their cause lies outside the scan: every other one would fail in the same way.
_STOPPING = (DiskFullError, ModelError, NoGraphicsCardError, UnknownModelError)
_SAMPLE_S = 0.1
_MIB = 1 << 20
THREAD_VARIABLES = (
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    "LP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)


@dataclass(frozen=True)
class Limits:
    """Limits of one job; None is without limit."""

    seconds: float | None = None
    memory_mib: float | None = None


@dataclass(frozen=True)
class WorkerSettings:
    """How jobs are done; can be sent to another process.

    Attributes
    ----------
    options : SegmentOptions
        Model, device and the like; ``threads`` also limits the threads of all libraries.
    limits : Limits
        Limits of each job.
    environment : mapping of str to str
        Variables that the worker gets beside those of this process.
    review : bool
        Write a review page for each scan.
    keys : Path or None
        Keys of a de-identification, see `CaseRequest`.
    """

    options: SegmentOptions
    limits: Limits = Limits()
    environment: Mapping[str, str] = field(default_factory=dict)
    review: bool = False
    keys: Path | None = None

    def variables(self) -> dict[str, str]:
        """Return all environment variables of a worker."""
        threads = self.options.threads
        pinned = {} if threads is None else dict.fromkeys(THREAD_VARIABLES, str(threads))
        return {**os.environ, **pinned, **self.environment}


class LimitedWorker:
    """Worker process for jobs, started at the first one and again after it died.

    Parameters
    ----------
    settings : WorkerSettings
        How jobs are done.
    stop : threading.Event, optional
        Ends the running job, which is then still waiting.
    """

    def __init__(self, settings: WorkerSettings, stop: threading.Event | None = None) -> None:
        self._settings = settings
        self._stop = stop or threading.Event()
        self._client = WorkerClient(environment=settings.variables())

    def close(self) -> None:
        """End the process."""
        self._client.close()

    def run(self, job: Job) -> Outcome:
        """Do a job; errors are returned in the outcome."""
        try:
            # Outside the time limit: the start of a process and its imports.
            self._client.ping()
        except ICHSegmentationError as error:
            return _outcome(job, State.WAITING, error)
        assert self._client.pid is not None
        watch = _Watch(self._client.pid, self._settings.limits, self._stop)
        partial = job.temporary("partial")
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            outcome = self._do(job, partial, watch)
            _publish(job, partial)
        except OSError as error:
            outcome = _outcome(job, State.WAITING, write_error(job.folder, error))
        except CancelledError as error:
            sentence = watch.reason
            outcome = (
                _outcome(job, State.WAITING, error)
                if sentence is None
                else Outcome(job.id, State.FAILED, str(sentence), sentence.code)
            )
        except _STOPPING as error:
            outcome = _outcome(job, State.WAITING, error)
        except ICHSegmentationError as error:
            outcome = _outcome(job, State.FAILED, error)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return watch.add_costs(outcome)

    def _do(self, job: Job, partial: Path, watch: _Watch) -> Outcome:
        request = CaseRequest(
            id=0,
            paths=job.case.paths,
            series=job.case.series,
            folder=partial,
            review=self._settings.review,
            keys=self._settings.keys,
            options=self._settings.options,
        )
        if job.kind is Kind.CASE:
            answer = self._client.run_case(request, cancel=watch)
            return Outcome(
                job.id,
                State.DONE,
                warnings=answer.warnings,
                model_sha256=answer.model.sha256,
                timings_s=answer.timings_s,
            )
        assert job.followup is not None
        sides = []
        for case in (job.case, job.followup):
            results = Job(case.id, Kind.CASE, job.root, case).folder
            scan = (case.paths, case.series) if self._settings.keys is None else ((deidentified_path(results),), None)
            sides.append(request.model_copy(update={"paths": scan[0], "series": scan[1], "folder": results}))
        pair = PairRequest(id=0, baseline=sides[0], followup=sides[1], folder=partial)
        return Outcome(job.id, State.DONE, warnings=self._client.run_pair(pair, cancel=watch).warnings)


class _Watch:
    """Limits of a running job, checked by the client while it waits; True ends the job."""

    def __init__(self, pid: int, limits: Limits, stop: threading.Event) -> None:
        self.reason: Message | None = None
        self._pid = pid
        self._limits = limits
        self._stop = stop
        self._started = time.monotonic()
        self._next_sample = 0.0
        self._peak_mib = 0.0
        self._cpu_s = self._first_cpu_s = _usage(pid)[1]

    def __call__(self) -> bool:
        now = time.monotonic()
        if self.reason is not None or self._stop.is_set():
            return True
        seconds, memory_mib = self._limits.seconds, self._limits.memory_mib
        if now >= self._next_sample:
            self._next_sample = now + _SAMPLE_S
            self._sample()
        if memory_mib is not None and self._peak_mib > memory_mib:
            self.reason = message("cohort.memory_limit", mib=memory_mib)
            # At once: the worker could fill the memory of the computer before it notices a cancel.
            kill_tree(self._pid)
        elif seconds is not None and now - self._started > seconds:
            self.reason = message("cohort.time_limit", seconds=seconds)
        return self.reason is not None

    def add_costs(self, outcome: Outcome) -> Outcome:
        """Return the outcome with duration, processor time and memory."""
        self._sample()
        return Outcome(
            outcome.id,
            outcome.state,
            outcome.error,
            outcome.code,
            round(time.monotonic() - self._started, 3),
            round(self._cpu_s - self._first_cpu_s, 3),
            round(self._peak_mib, 1),
            outcome.warnings,
            outcome.model_sha256,
            outcome.timings_s,
        )

    def _sample(self) -> None:
        memory, cpu_s = _usage(self._pid)
        self._peak_mib = max(self._peak_mib, memory / _MIB)
        self._cpu_s = max(self._cpu_s, cpu_s)


def _usage(pid: int) -> tuple[int, float]:
    """Return resident memory in bytes and processor seconds of a process and its children; 0 if it has ended."""
    memory, cpu_s = 0, 0.0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = member.cpu_times()
                memory += member.memory_info().rss
                cpu_s += times.user + times.system
    return memory, cpu_s


def _outcome(job: Job, state: State, error: ICHSegmentationError) -> Outcome:
    return Outcome(job.id, state, " ".join(str(error).split()), error.code)


def _publish(job: Job, partial: Path) -> None:
    """Put complete results in their place; a kill at any moment leaves complete results or none."""
    replaced = job.temporary("replaced")
    with contextlib.suppress(FileNotFoundError):
        job.folder.rename(replaced)
    partial.rename(job.folder)
    # Before the ledger says that it is done.
    flush_folder(job.folder.parent)
    shutil.rmtree(replaced, ignore_errors=True)
