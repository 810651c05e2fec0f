# SPDX-License-Identifier: Apache-2.0
"""Optimisers and learning rates by the names of the configuration; all of them torch's."""

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
    """Make the optimiser that a configuration names."""
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
    """The learning rate, by step or by the monitored figure.

    Parameters
    ----------
    options : OptimisationSection
        Which schedule.
    optimiser : torch.optim.Optimizer
        Whose learning rate follows it.
    """

    def __init__(self, options: OptimisationSection, optimiser: torch.optim.Optimizer) -> None:
        self._by_figure: ReduceLROnPlateau | None = None
        self._by_step: LambdaLR | None = None
        if options.schedule == "plateau":
            self._by_figure = ReduceLROnPlateau(
                optimiser, factor=options.plateau_factor, patience=options.plateau_patience
            )
        else:
            self._by_step = LambdaLR(optimiser, partial(learning_rate_share, options))

    def after_step(self) -> None:
        """Follow a step of the optimiser."""
        if self._by_step is not None:
            self._by_step.step()

    def after_epoch(self, cost: float) -> None:
        """Follow the monitored figure; lower is better."""
        if self._by_figure is not None:
            self._by_figure.step(cost)

    def state_dict(self) -> dict[str, object]:
        """Return what a checkpoint keeps."""
        state: dict[str, object] = (self._by_figure or self._by_step).state_dict()  # type: ignore[union-attr]
        return state

    def load_state_dict(self, state: dict[str, object]) -> None:
        """Go on from a checkpoint."""
        (self._by_figure or self._by_step).load_state_dict(state)  # type: ignore[union-attr]


def learning_rate_share(options: OptimisationSection, step: int) -> float:
    """Share of the learning rate at a step: linear warm-up, then constant, falling by epoch, or to zero at the last.

    It depends on the step alone, so a longer run can go on from a shorter one's checkpoint.
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
