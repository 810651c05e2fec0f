# SPDX-License-Identifier: Apache-2.0
"""Predictions of a second stage in the true boxes of a validation volume, or on its slices with hemorrhage."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.boxes.crop_dataset import cut_crop, lesion_of, whole_slice
from ICHSegmentationLib.research.training.boxes.targets import true_boxes
from ICHSegmentationLib.research.training.data.samples import TrainingVolume
from ICHSegmentationLib.research.training.validation import pooled_dice

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig

_CROPS_AT_ONCE = 8


def crop_labels(
    network: torch.nn.Module, path: Path, config: TrainingConfig, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted classes of all crops of a volume, 255 where the truth is unknown.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    path : pathlib.Path
        A prepared volume.
    config : TrainingConfig
        Configuration of the input.
    device : torch.device
        Device of the network.
    """
    volume = TrainingVolume.read(path)
    weights = config.input.stack_weights(volume.slices_mm)
    images, truths, found = [], [], []
    for index, plane in enumerate(volume.labels):
        boxes = [box for box in true_boxes(plane) if box.kind in set(Subtype)]
        if boxes and config.boxes.whole_slices:
            boxes = [whole_slice(volume.labels)]
        for box in boxes:
            image, labels = cut_crop(volume, weights[index], index, box, config.input.pixel_mm)
            images.append(config.input.network_values(image))
            truths.append(lesion_of(labels, box.kind))
    if not images:
        return np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.uint8)
    with torch.inference_mode():
        for part in torch.from_numpy(np.stack(images)).split(_CROPS_AT_ONCE):
            found.append(network(part.to(device)).argmax(dim=1).byte().cpu().numpy())
    return np.stack(truths), np.concatenate(found)


crop_dice = partial(pooled_dice, crop_labels)
"""Return the Dice of a network of crops; parameters are those of `pooled_dice`."""
