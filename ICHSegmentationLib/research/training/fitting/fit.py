# SPDX-License-Identifier: Apache-2.0
"""Fit a network: resumable, seeded, on one or more devices, with an exponential moving average of the weights."""

from __future__ import annotations

import logging
import math
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.manifest import get_model
from ICHSegmentationLib.networks.interface import channels_last
from ICHSegmentationLib.research.training.fitting.batches import training_batches
from ICHSegmentationLib.research.training.fitting.checkpoint import read_checkpoint, write_checkpoint
from ICHSegmentationLib.research.training.fitting.optimisation import Schedule, build_optimiser
from ICHSegmentationLib.research.training.fitting.start import copy_weights
from ICHSegmentationLib.research.training.hooks import load_hook
from ICHSegmentationLib.research.training.processes import Processes
from ICHSegmentationLib.systems import build_network, get_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig

_LOG = logging.getLogger(__name__)
_MAX_STATISTICS_BATCHES = 60
_REPORT_STEPS = 10
_MAIN_PROCESS = Processes(0, 1, torch.device("cpu"))


@dataclass(frozen=True)
class Progress:
    """State of a running fit.

    Attributes
    ----------
    step, steps : int
        Steps done, and maximum number of steps.
    loss : float
        Mean over the current epoch.
    learning_rate : float
        Learning rate of the next step.
    epoch_ends : bool
        Whether the epoch has just ended and the monitored metric was computed.
    dice : dict of str to float
        Validation Dice by class, or average precision of boxes, at the end of an epoch; empty without validation
        volumes.
    samples_per_s : float
        Slices or patches per second in this process since the run was started or resumed.
    """

    step: int
    steps: int
    loss: float
    learning_rate: float
    epoch_ends: bool
    dice: dict[str, float]
    samples_per_s: float


@dataclass
class _Run:
    """State of a run that is stored in a checkpoint."""

    step: int = 0
    loss_sum: float = 0.0
    loss_count: int = 0
    best_cost: float = math.inf
    best_step: int = 0
    epochs_without_gain: int = 0
    stopped: bool = False
    best_state: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        return self.loss_sum / max(self.loss_count, 1)


@dataclass(frozen=True)
class Fitted:
    """A fitted network.

    Attributes
    ----------
    state : dict of str to torch.Tensor
        State of the averaged network on the CPU, with class weights removed from the probabilities.
    step : int
        Number of steps the weights were fitted for.
    stopped_early : bool
        Whether the monitored metric stopped improving.
    """

    state: dict[str, torch.Tensor]
    step: int
    stopped_early: bool


def fit(
    config: TrainingConfig,
    files: Sequence[Path],
    checkpoint: Path,
    *,
    validation: Sequence[Path] = (),
    processes: Processes = _MAIN_PROCESS,
    report: Callable[[Progress], None] = lambda _: None,
) -> Fitted:
    """Fit the configuration's network on prepared volumes.

    Parameters
    ----------
    config : TrainingConfig
        Network and options.
    files, validation : sequence of pathlib.Path
        Training and validation volumes.
    checkpoint : pathlib.Path
        Written every ``checkpoint_minutes``; if it exists, fitting resumes from it with the same result.
    processes : Processes
        This process and the number of processes.
    report : callable
        Called every ten steps and at the end of each epoch, in the first process.

    Returns
    -------
    Fitted
        Network of this process; weights are equal in all processes, batch statistics nearly so.

    Raises
    ------
    InputError
        If the checkpoint does not fit, or the loss or (except with float16) the gradients of a step are not finite.
    """
    return _Fit(config, checkpoint, validation, processes, report).run(files)


class _Fit:
    """State and steps of a fit."""

    def __init__(
        self,
        config: TrainingConfig,
        checkpoint: Path,
        validation: Sequence[Path],
        processes: Processes,
        report: Callable[[Progress], None],
    ) -> None:
        options, device = config.optimisation, processes.device
        self._config, self._options, self._processes = config, options, processes
        self._checkpoint, self._validation, self._report = checkpoint, validation, report
        hooks = get_system(config.system).training
        self._validate = load_hook(hooks.validation)
        torch.manual_seed(config.seed)
        network = build_network(
            config.system,
            config.preset,
            in_channels=config.input.channels,
            classes=len(config.classes),
            **config.network,
        )
        if config.start_from:
            copy_weights(network, get_model(config.start_from))
        self._layout = channels_last(network.parameters())
        self._network = network.to(device).to(memory_format=self._layout)  # type: ignore[call-overload]
        self._average = AveragedModel(
            self._network, multi_avg_fn=get_ema_multi_avg_fn(options.ema_decay), use_buffers=True
        )
        self._optimiser = build_optimiser(options, self._network.parameters())
        self._schedule = Schedule(options, self._optimiser)
        self._loss = load_hook(hooks.loss)(options).to(device)
        self._precision = _precision(options.precision, device)
        self._scaler = torch.amp.GradScaler(device.type, enabled=self._precision is torch.float16)
        self._parts = {
            "network": self._network,
            "average": self._average,
            "optimiser": self._optimiser,
            "schedule": self._schedule,
            "scaler": self._scaler,
        }
        saved = read_checkpoint(checkpoint, self._parts, device)
        self._state = _Run(**saved) if saved else _Run()
        if saved:
            _LOG.info("Going on from step %d of %s.", self._state.step, checkpoint)
        self._wrapped = processes.wrap(self._network)

    def run(self, files: Sequence[Path]) -> Fitted:
        options, run = self._options, self._state
        first = run.step * options.accumulate
        batches = training_batches(files, self._config, self._processes, first=first)
        self._network.train()
        started = saved = time.monotonic()
        first_step = run.step
        while run.step < options.steps and not run.stopped:
            self._step(batches)
            at_end = run.step % options.epoch_steps == 0 or run.step == options.steps
            dice = self._end_epoch() if at_end else {}
            if self._processes.is_first and (at_end or run.step % _REPORT_STEPS == 0):
                samples = (run.step - first_step) * options.batch * options.accumulate
                rate = samples / (time.monotonic() - started)
                learning_rate = self._optimiser.param_groups[0]["lr"]
                self._report(Progress(run.step, options.steps, run.loss, learning_rate, at_end, dice, rate))
            if at_end:
                run.loss_sum, run.loss_count = 0.0, 0
            due = time.monotonic() - saved > options.checkpoint_minutes * 60
            if due or run.step == options.steps or run.stopped:
                self._save()
                saved = time.monotonic()
        return self._finish(batches)

    def _step(self, batches: Iterator[dict[str, torch.Tensor]]) -> None:
        """Run one optimiser step on ``accumulate`` batches."""
        run, options, device = self._state, self._options, self._processes.device
        # Seed each step, so that dropout does not depend on interruptions.
        torch.manual_seed(_mixed_seed(self._config.seed, run.step, self._processes.rank))
        self._optimiser.zero_grad(set_to_none=True)
        for part in range(options.accumulate):
            batch = next(batches)
            image = batch["image"].to(device, memory_format=self._layout, non_blocking=True)
            last = part == options.accumulate - 1
            with nullcontext() if last else self._processes.alone(self._wrapped):
                with torch.autocast(device.type, dtype=self._precision, enabled=self._precision != torch.float32):
                    logits = self._wrapped(image)
                loss = self._loss(logits.float(), batch["label"].to(device, non_blocking=True))
                self._scaler.scale(loss / options.accumulate).backward()
            value = float(loss.detach())
            if not math.isfinite(value):
                raise InputError(message("research.loss_not_finite", step=run.step + 1))
            run.loss_sum, run.loss_count = run.loss_sum + value, run.loss_count + 1
        self._scaler.unscale_(self._optimiser)
        norm = torch.nn.utils.clip_grad_norm_(self._network.parameters(), options.clip_norm)
        # With float16 the scaler skips a step whose gradients overflow, and continues with a smaller scale.
        if not self._scaler.is_enabled() and not math.isfinite(float(norm)):
            raise InputError(message("research.gradients_not_finite", step=run.step + 1))
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._schedule.after_step()
        self._average.update_parameters(self._network)
        run.step += 1

    def _end_epoch(self) -> dict[str, float]:
        """Compute the monitored metric; update the learning rate, the best weights and early stopping."""
        run, options = self._state, self._options
        losses = self._processes.gather([run.loss])
        cost, dice = sum(losses) / len(losses), {}
        if self._validation:
            self._average.eval()
            dice = self._validate(self._average.module, self._validation, self._config, self._processes)
            if options.monitor != "train_loss" and dice:
                cost = -sum(dice.values()) / len(dice)
        self._schedule.after_epoch(cost)
        if cost < run.best_cost:
            run.best_cost, run.best_step, run.epochs_without_gain = cost, run.step, 0
            if options.keep == "best":
                run.best_state = {name: value.clone() for name, value in self._average.module.state_dict().items()}
        else:
            run.epochs_without_gain += 1
        run.stopped = options.patience is not None and run.epochs_without_gain >= options.patience
        return dice

    def _save(self) -> None:
        if self._processes.is_first:
            write_checkpoint(self._checkpoint, self._parts, vars(self._state))
        self._processes.wait()

    def _finish(self, batches: Iterator[dict[str, torch.Tensor]]) -> Fitted:
        run, module = self._state, self._average.module
        step = run.step
        if self._options.keep == "best" and run.best_state:
            module.load_state_dict(run.best_state)
            step = run.best_step
        # Batch statistics depend on the weights: recompute them for the averaged weights.
        count = min(_MAX_STATISTICS_BATCHES, self._options.steps)
        update_bn((next(batches)["image"] for _ in range(count)), module, device=self._processes.device)
        state = {name: value.cpu() for name, value in module.state_dict().items()}
        if self._options.class_weights is not None and self._options.loss == "dice_ce" and "head.bias" in state:
            # Weighted cross-entropy learns probabilities times the class weights; the last bias undoes this.
            state["head.bias"] = state["head.bias"] - torch.tensor(self._options.class_weights).log()
        return Fitted(state, step, run.stopped)


def _precision(wanted: str, device: torch.device) -> torch.dtype:
    if wanted == "auto":
        # CPUs without bf16 instructions emulate them, several times slower than float32.
        if device.type != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    found: dict[str, Any] = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    precision: torch.dtype = found[wanted]
    return precision


def _mixed_seed(*numbers: int) -> int:
    """Return one seed for several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
