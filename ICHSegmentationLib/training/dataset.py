# SPDX-License-Identifier: Apache-2.0
"""Random batches of augmented slices, all subtypes alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from monai import transforms
from torch.utils.data import IterableDataset

from ICHSegmentationLib.subtypes import Subtype
from ICHSegmentationLib.training.beam_hardening import RandBeamHardeningd
from ICHSegmentationLib.training.clot import IGNORE
from ICHSegmentationLib.training.samples import TrainingVolume

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ICHSegmentationLib.training.config import TrainingConfig

_LEAST_PIXELS = 12


class SliceDataset(IterableDataset):
    """Endless augmented slices drawn from prepared volumes.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Volumes that `TrainingVolume.write` wrote.
    config : TrainingConfig
        ``bleed_share`` of the slices show blood; the subtype is drawn first, so that rare ones are seen as often as
        common ones. The stream is the same for the same seed and start.
    start : int
        Index of the first sample, to go on after an interruption.
    """

    def __init__(self, files: Sequence[Path], config: TrainingConfig, *, start: int = 0) -> None:
        super().__init__()
        self._seed = config.seed
        self._start = start
        self._bleed_share = config.optimisation.bleed_share
        self._augmentation = _augmentation(config.optimisation.crop_px)
        volumes = [TrainingVolume.read(path) for path in files]
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
                    if counts[subtype] >= _LEAST_PIXELS:
                        places.append((number, index))

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        """Yield ``image`` (channels, H, W) float32 in [0, 1] and ``label`` (1, H, W)."""
        worker = torch.utils.data.get_worker_info()
        index, step = (self._start, 1) if worker is None else (self._start + worker.id, worker.num_workers)
        while True:
            rng = np.random.default_rng([self._seed, index])
            image, label = self._slice(rng)
            self._augmentation.set_random_state(seed=int(rng.integers(2**32 - 1)))
            sample = self._augmentation({"image": image, "label": label})
            yield {
                "image": torch.as_tensor(sample["image"]).clamp(0, 1).float(),
                "label": torch.as_tensor(sample["label"]).round().long(),
            }
            index += step

    def _slice(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        places = self._without
        if rng.random() < self._bleed_share or not places:
            places = self._with[int(rng.choice([key for key, found in self._with.items() if found]))]
        number, index = places[rng.integers(len(places))]
        volume = self._volumes[number]
        weights = self._weights[number][index]
        used = np.flatnonzero(weights.any(axis=0))
        image = np.tensordot(weights[:, used], volume.grey[used].astype(np.float32) / 255, axes=1)
        return image, volume.labels[index][None].astype(np.float32)


def _augmentation(crop_px: int) -> transforms.Compose:
    both, image = ["image", "label"], ["image"]
    return transforms.Compose(
        [
            transforms.RandFlipd(both, prob=0.5, spatial_axis=1),
            transforms.RandAffined(
                both,
                prob=0.6,
                rotate_range=0.35,
                scale_range=(0.15, 0.15),
                shear_range=(0.05, 0.05),
                translate_range=(12, 12),
                mode=("bilinear", "nearest"),
                padding_mode="zeros",
            ),
            transforms.RandSpatialCropd(both, roi_size=(crop_px, crop_px), random_size=False),
            RandBeamHardeningd(image, prob=0.4, strength=(-0.05, 0.4), sigma_px=(4, 20)),
            transforms.RandGaussianSmoothd(image, prob=0.25, sigma_x=(0.3, 1.0), sigma_y=(0.3, 1.0)),
            transforms.RandGaussianNoised(image, prob=0.4, std=0.06),
            transforms.RandScaleIntensityd(image, factors=0.12, prob=0.4),
            transforms.RandShiftIntensityd(image, offsets=0.05, prob=0.4),
        ]
    )
