# SPDX-License-Identifier: Apache-2.0
"""Slices with target maps of a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ICHSegmentationLib.research.training.boxes.targets import target_maps, true_boxes, varied
from ICHSegmentationLib.research.training.dataset import SliceDataset

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig


class BoxDataset(SliceDataset):
    """`SliceDataset` whose label holds the target maps of varied boxes around the connected components.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Files of `TrainingVolume.write`.
    config : TrainingConfig
        ``boxes`` configures the variation of boxes.
    """

    def __init__(self, files: Sequence[Path], config: TrainingConfig) -> None:
        super().__init__(files, config)
        self._boxes = config.boxes

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Return ``image`` (channels, H, W) float32, the network input, and ``label`` (6, H / 4, W / 4)."""
        sample = super().__getitem__(number)
        rng = np.random.default_rng([self._seed, number, 1])
        classes = sample["label"][0].numpy()
        options = self._boxes
        boxes = [varied(box, rng, jitter=options.jitter, margin=options.margin) for box in true_boxes(classes)]
        return {"image": sample["image"], "label": torch.from_numpy(target_maps(boxes, classes.shape))}
