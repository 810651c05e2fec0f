# SPDX-License-Identifier: Apache-2.0
"""Optimisers and learning rate schedules of torch by their names in the configuration."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

if TYPE_CHECKING:
    from ICHSegmentationLib.research.training.config import OptimisationSection


def build_optimiser(options: OptimisationSection, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """Create the optimiser named in a configuration."""
    rate, decay = options.learning_rate, options.weight_decay
    if options.optimiser == "sgd":
        momentum = options.momentum
        return torch.optim.SGD(parameters, lr=rate, momentum=momentum, nesterov=momentum > 0, weight_decay=decay)
    if options.optimiser == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=rate, weight_decay=decay)
    if options.optimiser == "adadelta":
        return torch.optim.Adadelta(parameters, lr=rate, weight_decay=decay)
    kind = torch.optim.AdamW if options.optimiser == "adamw" else torch.optim.Adam
    return kind(parameters, lr=rate, weight_decay=decay)


class Schedule:
    """Learning rate schedule, by step or by the monitored metric.

    Parameters
    ----------
    options : OptimisationSection
        Schedule and its options.
    optimiser : torch.optim.Optimizer
        Optimiser whose learning rate is changed.
    """

    def __init__(self, options: OptimisationSection, optimiser: torch.optim.Optimizer) -> None:
        self._by_metric: ReduceLROnPlateau | None = None
        self._by_step: LambdaLR | None = None
        if options.schedule == "plateau":
            self._by_metric = ReduceLROnPlateau(
                optimiser, factor=options.plateau_factor, patience=options.plateau_patience
            )
        else:
            self._by_step = LambdaLR(optimiser, partial(learning_rate_factor, options))

    def after_step(self) -> None:
        """Update after an optimiser step."""
        if self._by_step is not None:
            self._by_step.step()

    def after_epoch(self, cost: float) -> None:
        """Update by the monitored metric; lower is better."""
        if self._by_metric is not None:
            self._by_metric.step(cost)

    def state_dict(self) -> dict[str, object]:
        """Return the state for a checkpoint."""
        state: dict[str, object] = (self._by_metric or self._by_step).state_dict()  # type: ignore[union-attr]
        return state

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Restore the state of a checkpoint."""
        (self._by_metric or self._by_step).load_state_dict(state)  # type: ignore[union-attr]


def learning_rate_factor(options: OptimisationSection, step: int) -> float:
    """Return the factor of the learning rate at a step: linear warm-up, then the schedule of the configuration.

    The factor depends on the step only, so a longer run can resume from the checkpoint of a shorter one.
    """
    done = min(step / options.steps, 1.0)
    if done < options.warm_up:
        return (step + 1) / (options.warm_up * options.steps + 1)
    after = (done - options.warm_up) / (1 - options.warm_up)
    if options.schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * after))
    if options.schedule == "exponential":
        return options.epoch_factor ** (step // options.epoch_steps)
    if options.schedule == "polynomial":
        return (1 - after) ** options.polynomial_power
    return 1.0
