# SPDX-License-Identifier: Apache-2.0
"""Dice on validation volumes, quick enough to be taken again and again while a network learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ICHSegmentationLib.networks.presets import SECOND_STAGES
from ICHSegmentationLib.research.training.boxes.crop_validation import crop_labels
from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.research.training.patches.validation import patch_labels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig
    from ICHSegmentationLib.research.training.processes import Processes

_SLICES_AT_ONCE = 8


def validation_dice(
    network: torch.nn.Module, files: Sequence[Path], config: TrainingConfig, processes: Processes
) -> dict[str, float]:
    """Return the Dice of each class that occurs, from the pixels of all volumes counted together.

    Of a detector the average precision of its boxes, which every process takes of all volumes.

    On the network's pixels and without cleaning: this chooses between weights of one run, it is no result.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    files : sequence of pathlib.Path
        Validation volumes; each process takes its share of them.
    config : TrainingConfig
        Input and classes.
    processes : Processes
        All of them must call this.
    """
    if config.system == "detector":
        return _precision(network, files, config, processes.device)
    count = len(config.classes)
    both, either = np.zeros(count), np.zeros(count)
    for path in files[processes.rank :: processes.count]:
        if config.system in SECOND_STAGES:
            truth, found = crop_labels(network, path, config, processes.device)
        elif config.input.patches is not None:
            truth, found = patch_labels(network, path, config, processes.device)
        else:
            volume = TrainingVolume.read(path)
            truth = class_table(config.classes)[volume.labels]
            found = _found(network, volume, config, processes.device)
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


def _precision(
    network: torch.nn.Module, files: Sequence[Path], config: TrainingConfig, device: torch.device
) -> dict[str, float]:
    from ICHSegmentationLib.research.training.boxes.validation import average_precision, volume_boxes

    slices = [part for path in files for part in volume_boxes(network, path, config, device)]
    return average_precision(slices, config.classes[1:])


def _found(
    network: torch.nn.Module, volume: TrainingVolume, config: TrainingConfig, device: torch.device
) -> np.ndarray:
    planes = volume.grey.astype(np.float32) / 255
    stacked = np.tensordot(config.input.stack_weights(volume.slices_mm), planes, axes=1)
    images = torch.from_numpy(config.input.network_values(stacked))
    labels = []
    with torch.inference_mode():
        for part in images.split(_SLICES_AT_ONCE):
            logits = network(part.to(device, memory_format=torch.channels_last))
            labels.append(logits.argmax(dim=1).byte().cpu().numpy())
    return np.concatenate(labels)
