# SPDX-License-Identifier: Apache-2.0
"""Predictions of a patch-wise network in a validation volume."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from ICHSegmentationLib.networks.interface import channels_last
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec
from ICHSegmentationLib.research.training.patches.volume import PatchVolume
from ICHSegmentationLib.research.training.validation import pooled_dice
from ICHSegmentationLib.segmentation.patch_tiling import averaged_probabilities

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig


def patch_labels(
    network: torch.nn.Module, path: Path, config: TrainingConfig, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """Return the true and the predicted classes of a volume, 255 where the truth is unknown.

    Patches overlap by half along the slice axis only, which suffices to choose between weights of one run.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    path : pathlib.Path
        A prepared volume.
    config : TrainingConfig
        Configuration of input and classes.
    device : torch.device
        Device of the network.
    """
    size = (config.input.patches or PatchSpec()).size
    volume = PatchVolume.read(path, config)

    def predict(patches: np.ndarray) -> np.ndarray:
        images = torch.from_numpy(patches)
        with torch.inference_mode():
            logits = network(images.to(device, memory_format=channels_last([images])))
            return logits.float().softmax(dim=1).cpu().numpy()

    probabilities = averaged_probabilities(
        volume.values.astype(np.float32) / 255,
        volume.brain,
        predict,
        classes=len(config.classes),
        size=size,
        stride=(size[0] // 2, *size[1:]),
    )
    return volume.classes(config), probabilities.argmax(axis=0).astype(np.uint8)


patch_dice = partial(pooled_dice, patch_labels)
"""Return the Dice of a network of patches; parameters are those of `pooled_dice`."""
