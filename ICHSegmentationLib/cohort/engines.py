# SPDX-License-Identifier: Apache-2.0
"""Processes that do jobs at the same time. The state is in the ledger, so that any engine can follow another."""

from __future__ import annotations

import itertools
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Protocol, Self

from ICHSegmentationLib.cohort.jobs import Job, Outcome
from ICHSegmentationLib.cohort.limited_worker import LimitedWorker, WorkerSettings
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models import list_devices


class Engine(Protocol):
    """What a run needs of an engine: it is a context manager that takes jobs.

    Attributes
    ----------
    slots : int
        Number of jobs that it does at the same time.
    """

    slots: int

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End all processes; running jobs end without an outcome of their own."""

    def submit(self, job: Job) -> Future[Outcome]:
        """Start a job when a process is free; no job is tried twice."""

    def stop(self) -> None:
        """Ask running jobs to end soon; they are then still waiting."""


class LocalEngine:
    """Worker processes on this computer, one for each of a few threads.

    Parameters
    ----------
    workers : int
        Number of processes.
    settings : WorkerSettings
        How jobs are done. With the device "cuda" each worker takes one graphics card.

    Raises
    ------
    InputError
        If there are fewer graphics cards than workers.
    """

    def __init__(self, workers: int, settings: WorkerSettings) -> None:
        self.slots = workers
        self._settings = settings_of_workers(workers, settings)
        self._numbers = itertools.count()
        self._own = threading.local()
        self._workers: list[LimitedWorker] = []
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(workers, "cohort", initializer=self._start)

    def __enter__(self) -> Self:
        """Return the engine; the processes start with the first jobs."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End all processes."""
        self.stop()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def submit(self, job: Job) -> Future[Outcome]:
        """Start a job in the next free process."""
        return self._threads.submit(self._run, job)

    def stop(self) -> None:
        """Cancel the running jobs."""
        self._stop.set()

    def _start(self) -> None:
        self._own.worker = LimitedWorker(self._settings[next(self._numbers)], self._stop)
        self._workers.append(self._own.worker)

    def _run(self, job: Job) -> Outcome:
        worker: LimitedWorker = self._own.worker
        return worker.run(job)


def settings_of_workers(workers: int, settings: WorkerSettings) -> list[WorkerSettings]:
    """Return the settings of each worker: with the device "cuda" one card each, by CUDA_VISIBLE_DEVICES.

    Raises
    ------
    InputError
        If there are fewer graphics cards than workers.
    """
    if settings.options.device != "cuda":
        return [settings] * workers
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        cards = [device.name.removeprefix("cuda:") for device in list_devices() if device.name.startswith("cuda")]
    else:
        cards = [card for card in visible.split(",") if card]
    if len(cards) < workers:
        raise InputError(message("cohort.no_cards", cards=len(cards), workers=workers))
    return [
        replace(settings, environment={**settings.environment, "CUDA_VISIBLE_DEVICES": card})
        for card in cards[:workers]
    ]
