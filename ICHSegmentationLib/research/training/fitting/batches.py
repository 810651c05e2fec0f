# SPDX-License-Identifier: Apache-2.0
"""Batches of training samples."""

from __future__ import annotations

import sys
from multiprocessing import get_all_start_methods, get_context
from typing import TYPE_CHECKING

from torch.utils.data import DataLoader, Sampler

from ICHSegmentationLib.research.training.hooks import load_hook
from ICHSegmentationLib.systems import get_system

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.context import BaseContext
    from pathlib import Path

    import torch

    from ICHSegmentationLib.research.training.config import TrainingConfig
    from ICHSegmentationLib.research.training.processes import Processes


class BatchNumbers(Sampler[list[int]]):
    """Endless sampler of the sample numbers of this process's batches.

    Parameters
    ----------
    batch : int
        Samples of a batch.
    processes : Processes
        This process; the batches of one step are numbered process by process.
    first : int
        Number of batches to skip, to resume after an interruption.
    """

    def __init__(self, batch: int, processes: Processes, *, first: int = 0) -> None:
        self._batch = batch
        self._processes = processes
        self._first = first

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the numbers of each batch's samples."""
        number = self._first
        while True:
            start = (number * self._processes.count + self._processes.rank) * self._batch
            yield list(range(start, start + self._batch))
            number += 1


def training_batches(
    files: Sequence[Path], config: TrainingConfig, processes: Processes, *, first: int = 0
) -> Iterator[dict[str, torch.Tensor]]:
    """Return the endless batches of this process, from the data set of the configuration's system."""
    options = config.optimisation
    dataset = load_hook(get_system(config.system).training.dataset)
    loader = DataLoader(
        dataset(files, config),
        batch_sampler=BatchNumbers(options.batch, processes, first=first),
        num_workers=options.workers,
        multiprocessing_context=_workers_context(dataset.__module__) if options.workers else None,
        pin_memory=processes.device.type == "cuda",
    )
    return iter(loader)


def _workers_context(module: str) -> BaseContext | None:
    """Return how workers are started; None is the default of torch, a fork on Linux, which shares the volumes.

    A process that uses OpenVINO must not be forked: where the garbage collection of the fork frees a loaded model, its
    destructor waits for threads that exist in the original only, and the fork crashes or never ends. Workers are then
    forks of a new process that has imported ``module``.
    """
    if "openvino" not in sys.modules or get_all_start_methods()[0] != "fork":
        return None
    context = get_context("forkserver")
    context.set_forkserver_preload([module])
    return context
