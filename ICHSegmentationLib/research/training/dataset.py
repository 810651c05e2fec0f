# SPDX-License-Identifier: Apache-2.0
"""Random augmented slices, with all subtypes equally often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from monai import transforms
from torch.utils.data import Dataset

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.data.beam_hardening import RandBeamHardeningd
from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig

_MIN_PIXELS = 12
_WIDER_STEPS, _MAX_OF_CENTRE = 0.3, 0.5


class SliceDataset(Dataset):
    """Augmented slices drawn from prepared volumes; sample number n is the same for the same seed.

    Samples are independent of processes and interruptions.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Files of `TrainingVolume.write`.
    config : TrainingConfig
        A fraction ``bleed_share`` of the slices shows hemorrhage; its subtype is drawn first, so that rare subtypes
        occur as often as common ones.
    """

    def __init__(self, files: Sequence[Path], config: TrainingConfig) -> None:
        self._seed = config.seed
        self._bleed_share = config.optimisation.bleed_share
        self._input = config.input
        self._augmentation = _augmentation(config)
        self._class_of = class_table(config.classes)
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
                    if counts[subtype] >= _MIN_PIXELS:
                        places.append((number, index))
        self._subtypes = [subtype for subtype, places in self._with.items() if places]

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Return ``image`` (channels, H, W) float32, the network input, and ``label`` (1, H, W)."""
        rng = np.random.default_rng([self._seed, number])
        image, label = self._slice(rng)
        self._augmentation.set_random_state(seed=int(rng.integers(2**32 - 1)))
        sample = self._augmentation({"image": image, "label": label})
        greys = torch.as_tensor(sample["image"]).as_subclass(torch.Tensor).clamp(0, 1).float()
        return {
            "image": torch.from_numpy(self._input.network_values(greys.numpy())),
            "label": torch.as_tensor(sample["label"]).as_subclass(torch.Tensor).round().long(),
        }

    def _slice(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        places = self._without
        if self._subtypes and (rng.random() < self._bleed_share or not places):
            places = self._with[int(rng.choice(self._subtypes))]
        number, index = places[rng.integers(len(places))]
        volume = self._volumes[number]
        weights = self._weights[number][index]
        used = np.flatnonzero(weights.any(axis=0))
        image = np.tensordot(weights[:, used], volume.grey[used].astype(np.float32) / 255, axes=1)
        if len(image) > 1 and rng.random() < _WIDER_STEPS:
            # Simulate larger slice distances, at which neighbours are interpolated from the slice itself.
            centre = image[len(image) // 2]
            image += np.float32(rng.uniform(0, _MAX_OF_CENTRE)) * (centre - image)
        return image, self._class_of[volume.labels[index]][None].astype(np.float32)


def _augmentation(config: TrainingConfig) -> transforms.Compose:
    """Make the augmentation of images scaled to [0, 1]: it acts before windowing, so it is the same for all systems."""
    options, crop_px = config.augmentation, config.optimisation.crop_px
    both, image = ["image", "label"], ["image"]
    steps: list[transforms.Transform] = [
        transforms.RandFlipd(both, prob=options.flip, spatial_axis=1),
        transforms.RandAffined(
            both,
            prob=options.affine,
            rotate_range=options.rotate_rad,
            scale_range=(options.scale, options.scale),
            shear_range=(options.shear, options.shear),
            translate_range=(options.translate_px, options.translate_px),
            mode=("bilinear", "nearest"),
            padding_mode="zeros",
        ),
    ]
    if config.input.align_midline:
        steps.append(transforms.CenterSpatialCropd(both, roi_size=(-1, crop_px)))  # keep the midline central
    steps.append(transforms.RandSpatialCropd(both, roi_size=(crop_px, crop_px), random_size=False))
    if options.intensities:
        steps += [
            RandBeamHardeningd(image, prob=0.4, strength=(-0.05, 0.4), sigma_px=(4, 20)),
            transforms.RandGaussianSmoothd(image, prob=0.25, sigma_x=(0.3, 1.0), sigma_y=(0.3, 1.0)),
            transforms.RandGaussianNoised(image, prob=0.4, std=0.06),
            transforms.RandScaleIntensityd(image, factors=0.12, prob=0.4),
            transforms.RandShiftIntensityd(image, offsets=0.05, prob=0.4),
        ]
    return transforms.Compose(steps)
