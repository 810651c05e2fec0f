# SPDX-License-Identifier: Apache-2.0
"""Random augmented slices, with all subtypes equally often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import Dataset

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.data.augmentation import SliceAugmentation, as_neighbours
from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.data_folder import SLICES
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig

_MIN_PIXELS = 12
_WIDER_STEPS, _MAX_CENTRE_WEIGHT = 0.3, 0.5


class SliceDataset(Dataset):
    """Augmented slices drawn from prepared volumes; sample number n is the same for the same seed.

    Samples are independent of processes and interruptions.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Files of `TrainingVolume.write`.
    config : TrainingConfig
        A fraction ``bleed_share`` of the slices shows hemorrhage; its subtype is drawn first, so that rare subtypes
        occur as often as common ones. A fraction ``slice_fraction`` of the samples shows single labelled slices, each
        equally often.
    """

    def __init__(self, files: Sequence[Path], config: TrainingConfig) -> None:
        self._seed = config.seed
        self._bleed_share = config.optimisation.bleed_share
        self._input = config.input
        self._slice_fraction = config.optimisation.slice_fraction
        self._alone = config.augmentation.single
        self._augmentation = SliceAugmentation(
            config.augmentation,
            config.optimisation.crop_px,
            range_hu=config.input.range_hu,
            centred=config.input.align_midline,
        )
        self._class_of = class_table(config.classes)
        volumes = [TrainingVolume.read(path) for path in files if path.parent.name != SLICES]
        single = [TrainingVolume.read(path) for path in files if path.parent.name == SLICES]
        self._single = [(volume, len(volume.grey) // 2) for volume in single]
        self._weights = [config.input.stack_weights(volume.slices_mm) for volume in volumes]
        self._volumes = volumes
        self._with: dict[int, list[tuple[int, int]]] = {int(subtype): [] for subtype in Subtype}
        self._without: list[tuple[int, int]] = []
        for number, volume in enumerate(volumes):
            for index, plane in enumerate(volume.labels):
                counts = np.bincount(plane.ravel(), minlength=IGNORE + 1)
                if not counts[1:].any():
                    self._without.append((number, index))
                for subtype, places in self._with.items():
                    if counts[subtype] >= _MIN_PIXELS:
                        places.append((number, index))
        self._subtypes = [subtype for subtype, places in self._with.items() if places]

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Return ``image`` (channels, H, W) float32, the network input, and ``label`` (1, H, W) int64."""
        rng = np.random.default_rng([self._seed, number])
        grey, label = self._slice(rng)
        image, label = self._augmentation(grey, label, rng)
        return {
            "image": torch.from_numpy(self._input.network_values(image)),
            "label": torch.from_numpy(label.astype(np.int64)[None]),
        }

    def _slice(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw a slice; return its channels, (channels, H, W) uint8, and its classes, (H, W) uint8."""
        if self._slice_fraction and self._single and rng.random() < self._slice_fraction:
            volume, index = self._single[rng.integers(len(self._single))]
            plane, channels = volume.grey[index], self._input.channels
            as_it_is = rng.random() < 0.5
            grey = np.repeat(plane[None], channels, axis=0) if as_it_is else as_neighbours(plane, channels, rng)
            return grey, self._class_of[volume.labels[index]]
        places = self._without
        if self._subtypes and (rng.random() < self._bleed_share or not places):
            places = self._with[int(rng.choice(self._subtypes))]
        number, index = places[rng.integers(len(places))]
        volume = self._volumes[number]
        label = self._class_of[volume.labels[index]]
        if self._alone and rng.random() < self._alone:
            return np.repeat(volume.grey[index][None], self._input.channels, axis=0), label
        weights = self._weights[number][index]
        used = np.flatnonzero(weights.any(axis=0))
        image = np.tensordot(weights[:, used], volume.grey[used].astype(np.float32), axes=1)
        if len(image) > 1 and rng.random() < _WIDER_STEPS:
            # Simulate larger slice distances, at which neighbours are interpolated from the slice itself.
            centre = image[len(image) // 2]
            image += np.float32(rng.uniform(0, _MAX_CENTRE_WEIGHT)) * (centre - image)
        return np.rint(image).astype(np.uint8), label
