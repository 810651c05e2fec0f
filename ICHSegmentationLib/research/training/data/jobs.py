# SPDX-License-Identifier: Apache-2.0
"""Run many small jobs, in this process or in several."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

from ICHSegmentationLib.core.errors import InputError

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import TrainingConfig

Job = TypeVar("Job")


def done_jobs(
    make: Callable[[TrainingConfig, Job], None],
    config: TrainingConfig,
    jobs: Sequence[Job],
    *,
    workers: int,
    progress: Callable[[str, float], None],
    stage: str,
) -> Iterator[tuple[Job, str]]:
    """Run jobs and yield each finished one with its input error, or an empty string.

    Parameters
    ----------
    make : callable
        Runs one job; a module-level function, so that other processes can import it.
    config : TrainingConfig
        Passed to each job.
    jobs : sequence
        Jobs to run.
    workers : int
        Number of processes; 1 runs the jobs in this process.
    progress : callable
        Called with ``stage`` and the fraction done.
    """
    progress(stage, 0.0)
    if workers == 1 or len(jobs) < 2:
        for number, job in enumerate(jobs, start=1):
            yield job, _attempt(make, config, job)
            progress(stage, number / len(jobs))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread per new process
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_attempt, make, config, job): job for job in jobs}
        for number, future in enumerate(as_completed(running), start=1):
            yield running[future], future.result()
            progress(stage, number / len(jobs))


def _attempt(make: Callable[[TrainingConfig, Job], None], config: TrainingConfig, job: Job) -> str:
    try:
        make(config, job)
    except InputError as error:
        return str(error)
    return ""
