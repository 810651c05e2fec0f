# SPDX-License-Identifier: Apache-2.0
"""Dice on validation volumes, fast enough to be computed during training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig
    from ICHSegmentationLib.research.training.processes import Processes

    LabelsOf = Callable[
        [torch.nn.Module, Path, TrainingConfig, torch.device],
        tuple[np.ndarray, np.ndarray],
    ]

_SLICES_AT_ONCE = 8


def pooled_dice(
    labels_of: LabelsOf,
    network: torch.nn.Module,
    files: Sequence[Path],
    config: TrainingConfig,
    processes: Processes,
) -> dict[str, float]:
    """Return the Dice of each class that occurs, from the pixels of all volumes pooled.

    Computed on the pixels of the network and without postprocessing, to compare weights of one run; not comparable
    with an evaluation.

    Parameters
    ----------
    labels_of : callable
        Returns the true and the predicted classes of a volume, 255 where the true class is unknown.
    network : torch.nn.Module
        In evaluation mode.
    files : sequence of pathlib.Path
        Validation volumes, distributed over the processes.
    config : TrainingConfig
        Configuration of input and classes.
    processes : Processes
        All processes of the run, each of which must call this function.
    """
    count = len(config.classes)
    both, either = np.zeros(count), np.zeros(count)
    for path in files[processes.rank :: processes.count]:
        truth, found = labels_of(network, path, config, processes.device)
        known = truth != IGNORE
        for index in range(count):
            is_truth, is_found = (truth == index) & known, (found == index) & known
            both[index] += (is_truth & is_found).sum()
            either[index] += is_truth.sum() + is_found.sum()
    sums = np.array(processes.gather([*both, *either])).reshape(-1, 2, count).sum(axis=0)
    return {
        name: float(2 * sums[0, index] / sums[1, index])
        for index, name in enumerate(config.classes)
        if index > 0 and sums[1, index] > 0
    }


def slice_labels(
    network: torch.nn.Module, path: Path, config: TrainingConfig, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted classes of all slices of a volume."""
    volume = TrainingVolume.read(path)
    planes = volume.grey.astype(np.float32) / 255
    stacked = np.tensordot(config.input.stack_weights(volume.slices_mm), planes, axes=1)
    images = torch.from_numpy(config.input.network_values(stacked))
    labels = []
    with torch.inference_mode():
        for part in images.split(_SLICES_AT_ONCE):
            logits = network(part.to(device, memory_format=torch.channels_last))
            labels.append(logits.argmax(dim=1).byte().cpu().numpy())
    return class_table(config.classes)[volume.labels], np.concatenate(labels)


slice_dice = partial(pooled_dice, slice_labels)
"""Return the Dice of a network of slices; parameters are those of `pooled_dice`."""
