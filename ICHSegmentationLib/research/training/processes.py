# SPDX-License-Identifier: Apache-2.0
"""The processes of one training run: a single one, or those started by ``torchrun``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import distributed


@dataclass(frozen=True)
class Processes:
    """One process of the run.

    Attributes
    ----------
    rank, count : int
        Rank of this process and number of processes.
    device : torch.device
        Device of this process.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes and reports."""
        return self.rank == 0

    def gather(self, own: list[float]) -> list[float]:
        """Return the numbers of all processes in rank order; all processes must call it."""
        if self.count == 1:
            return own
        found: list[list[float]] = [[] for _ in range(self.count)]
        distributed.all_gather_object(found, own)
        return [number for part in found for number in part]

    def wait(self) -> None:
        """Wait for all processes."""
        if self.count > 1:
            distributed.barrier()

    def wrap(self, network: torch.nn.Module) -> torch.nn.Module:
        """Wrap a network in DistributedDataParallel if there are several processes."""
        if self.count == 1:
            return network
        own = [self.device.index] if self.device.type == "cuda" else None
        return torch.nn.parallel.DistributedDataParallel(network, device_ids=own)

    def alone(self, wrapped: torch.nn.Module) -> AbstractContextManager[None]:
        """Return a context without gradient synchronisation, for gradient accumulation."""
        if isinstance(wrapped, torch.nn.parallel.DistributedDataParallel):
            own: AbstractContextManager[None] = wrapped.no_sync()
            return own
        return nullcontext()


@contextmanager
def joined_processes(device: str = "auto") -> Iterator[Processes]:
    """Join the process group if ``torchrun`` started this process, and leave it at the end.

    Parameters
    ----------
    device : str
        "auto" (CUDA if available, one device per process), "cpu", "cuda" or "cuda:N".
    """
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    wanted = device if device != "auto" else ("cuda" if torch.cuda.is_available() else "cpu")
    if wanted == "cuda":
        wanted = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    chosen = torch.device(wanted)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if count == 1:
        yield Processes(0, 1, chosen)
        return
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Processes(rank, count, chosen)
    finally:
        distributed.destroy_process_group()
