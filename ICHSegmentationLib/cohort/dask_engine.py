# SPDX-License-Identifier: Apache-2.0
"""Dask distributed as the engine (extra ``cohort``): a local cluster, or a scheduler that exists.

Dask moves jobs and outcomes only. What was done is in the ledger, and a job runs in a worker process beside Dask's own
process, so that a crash ends neither.
"""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ICHSegmentationLib.cohort.jobs import Job, Outcome
from ICHSegmentationLib.cohort.limited_worker import LimitedWorker, WorkerSettings
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
_CONNECT_S = 30


@dataclass
class _Process:
    """What a process of Dask keeps for a run: a worker process for each of its threads."""

    stop: threading.Event = field(default_factory=threading.Event)
    workers: dict[int, LimitedWorker] = field(default_factory=dict)


_runs: dict[str, _Process] = defaultdict(_Process)


class DaskEngine:
    """Jobs on the processes of a Dask cluster; each must run jobs in one thread.

    Parameters
    ----------
    address : str
        Address of a scheduler, or "local" for a cluster of processes on this computer.
    workers : int
        Number of processes of a local cluster; an existing one has its own number.
    settings : WorkerSettings
        How jobs are done.

    Raises
    ------
    InputError
        If Dask is not installed, or the scheduler cannot be reached or has no workers.
    """

    def __init__(self, address: str, workers: int, settings: WorkerSettings) -> None:
        if find_spec("distributed") is None:
            raise InputError(message("cohort.dask_missing", option="--scheduler"))
        self._settings = settings
        self._run = secrets.token_hex(6)
        self._client = _connect(address, workers)
        self.slots = sum(self._client.nthreads().values())
        if self.slots == 0:
            self._client.close()
            raise InputError(message("cohort.dask_no_workers", address=address))
        self._executor = self._client.get_executor(pure=False, retries=0)

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the worker processes and the connection; a cluster that existed before goes on."""
        self._client.run(_close, self._run)
        self._executor.shutdown(wait=False)
        self._client.close()
        if self._client.cluster is not None:
            self._client.cluster.close()

    def submit(self, job: Job) -> Future[Outcome]:
        """Start a job on a free process."""
        future: Future[Outcome] = self._executor.submit(_run_job, job, self._settings, self._run)
        return future

    def stop(self) -> None:
        """Cancel the running jobs."""
        self._client.run(_stop, self._run)


def _connect(address: str, workers: int) -> Client:
    import dask
    from distributed import Client, LocalCluster

    # A job whose process of Dask died is not tried again.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        if address == LOCAL:
            return Client(LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None))
        try:
            return Client(address, timeout=_CONNECT_S)
        except (OSError, ValueError):
            raise InputError(message("cohort.dask_unreachable", address=address)) from None


def _run_job(job: Job, settings: WorkerSettings, run: str) -> Outcome:
    """Do a job in this process of Dask."""
    process = _runs[run]
    thread = threading.get_ident()
    if thread not in process.workers:
        process.workers[thread] = LimitedWorker(settings, process.stop)
    return process.workers[thread].run(job)


def _stop(run: str) -> None:
    _runs[run].stop.set()


def _close(run: str) -> None:
    process = _runs.pop(run, _Process())
    process.stop.set()
    for worker in process.workers.values():
        worker.close()
