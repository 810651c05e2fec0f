# SPDX-License-Identifier: Apache-2.0
"""Fit a network: resumable, seeded, with an exponential moving average of the weights."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.data import DataLoader

from ICHSegmentationLib.files import atomic_path
from ICHSegmentationLib.networks import build_network
from ICHSegmentationLib.training.dataset import SliceDataset
from ICHSegmentationLib.training.loss import DiceCrossEntropy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ICHSegmentationLib.training.config import OptimisationSection, TrainingConfig

_LOG = logging.getLogger(__name__)
_CLIP_NORM = 5.0
_STATISTICS_BATCHES = 60


@dataclass(frozen=True)
class Progress:
    """State of a running fit: step of steps, and the mean loss since the last report."""

    step: int
    steps: int
    loss: float


def fit(
    config: TrainingConfig, files: Sequence[Path], checkpoint: Path, *, report: Callable[[Progress], None]
) -> dict[str, torch.Tensor]:
    """Fit the configuration's network on prepared volumes.

    Parameters
    ----------
    config : TrainingConfig
        What to fit and how.
    files : sequence of pathlib.Path
        Training volumes.
    checkpoint : pathlib.Path
        Written every ``checkpoint_minutes``; where it exists, fitting goes on from it.
    report : callable
        Called about every 50 steps.

    Returns
    -------
    dict of str to torch.Tensor
        State of the averaged network, its class weights taken out of the probabilities.
    """
    options = config.optimisation
    torch.manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = build_network(config.system, config.preset, in_channels=config.input.channels)
    network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(options.ema_decay))
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, partial(_learning_rate_share, options))
    parts = {"network": network, "average": average, "optimiser": optimiser, "schedule": schedule}
    step = _resume(parts, checkpoint, device)
    dataset = SliceDataset(files, config, start=step * options.batch)
    # One process of its own prepares the next batches while the network learns from this one.
    batches = iter(DataLoader(dataset, batch_size=options.batch, num_workers=1))
    loss_of = DiceCrossEntropy(options.class_weights).to(device)
    network.train()
    saved, total, count = time.monotonic(), 0.0, 0
    while step < options.steps:
        batch = next(batches)
        image = batch["image"].to(device, memory_format=torch.channels_last)
        # Processors without bf16 instructions emulate them several times slower than they compute float32.
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            logits = network(image)
        loss = loss_of(logits.float(), batch["label"].to(device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP_NORM)
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        step, total, count = step + 1, total + float(loss.detach()), count + 1
        if step % 50 == 0 or step == options.steps:
            report(Progress(step, options.steps, total / count))
            total, count = 0.0, 0
        if time.monotonic() - saved > options.checkpoint_minutes * 60 or step == options.steps:
            _save(parts, checkpoint, step)
            saved = time.monotonic()
    # Batch statistics belong to the weights they were gathered with: gather them anew for the averaged weights.
    update_bn((next(batches)["image"] for _ in range(_STATISTICS_BATCHES)), average.module, device=device)
    state = average.module.state_dict()
    # Cross-entropy with class weights learns probabilities times those weights, which the last bias can give back.
    state["head.bias"] = state["head.bias"] - torch.tensor(options.class_weights, device=device).log()
    return state


def _learning_rate_share(options: OptimisationSection, step: int) -> float:
    """Linear warm-up, then half a cosine down to zero; a longer run goes on from a shorter one's checkpoint."""
    done = min(step / options.steps, 1.0)
    if done < options.warm_up:
        return (step + 1) / (options.warm_up * options.steps + 1)
    return 0.5 * (1 + math.cos(math.pi * (done - options.warm_up) / (1 - options.warm_up)))


def _save(parts: dict[str, torch.nn.Module], checkpoint: Path, step: int) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(checkpoint) as temporary:
        torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, temporary)


def _resume(parts: dict[str, torch.nn.Module], checkpoint: Path, device: torch.device) -> int:
    if not checkpoint.exists():
        return 0
    saved = torch.load(checkpoint, map_location=device, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(saved[name])
    _LOG.info("Going on from step %d of %s.", saved["step"], checkpoint)
    return int(saved["step"])
