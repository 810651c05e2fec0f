# SPDX-License-Identifier: Apache-2.0
"""Random patches of volumes with balanced sampling (Abramova et al. 2021, section 2.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from monai import transforms
from torch.utils.data import Dataset

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec
from ICHSegmentationLib.research.training.patches.places import PatchPlaces
from ICHSegmentationLib.research.training.patches.volume import PatchVolume
from ICHSegmentationLib.segmentation.patch_tiling import cut_patch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import PatchSection, TrainingConfig


class PatchDataset(Dataset):
    """Patches drawn from prepared volumes; sample number n is the same for the same seed.

    Samples are independent of processes and interruptions.

    Parameters
    ----------
    files : sequence of pathlib.Path
        Files of `TrainingVolume.write`.
    config : TrainingConfig
        The volume of a patch is drawn first, so that small lesions occur as often as large ones; ``patches`` configures
        the centres of patches.

    Raises
    ------
    InputError
        If no volume has a brain.
    """

    def __init__(self, files: Sequence[Path], config: TrainingConfig) -> None:
        self._seed, self._options = config.seed, config.patches
        self._size = (config.input.patches or PatchSpec()).size
        self._augmentation = _augmentation(config.patches)
        self._volumes: list[tuple[np.ndarray, np.ndarray]] = []
        self._places: list[PatchPlaces] = []
        for path in files:
            volume = PatchVolume.read(path, config)
            if volume.brain.any():
                classes = volume.classes(config)
                self._volumes.append((volume.values, classes))
                self._places.append(PatchPlaces.of(volume.labels, classes, volume.brain))
        self._with_lesion = [number for number, places in enumerate(self._places) if len(places.lesion)]
        self._with_hard = [number for number, places in enumerate(self._places) if places.hard]
        if not self._volumes:
            raise InputError(message("research.no_brain_in_volumes"))

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Return ``image`` (channels, D, H, W) float32 in [0, 1] and ``label`` (1, D, H, W)."""
        rng = np.random.default_rng([self._seed, number])
        volume, centre = self._place(rng)
        values, classes = self._volumes[volume]
        at = np.unravel_index(centre, classes.shape)
        start = tuple(int(middle) - side // 2 for middle, side in zip(at, self._size, strict=True))
        image = cut_patch(values, start, self._size).astype(np.float32) / 255
        label = cut_patch(classes, start, self._size)[None].astype(np.float32)
        self._augmentation.set_random_state(seed=int(rng.integers(2**32 - 1)))
        sample = self._augmentation({"image": image, "label": label, "shown": (image > 0).astype(np.float32)})
        tensors = {name: torch.as_tensor(value).as_subclass(torch.Tensor) for name, value in sample.items()}
        return {
            # Voxels outside the brain stay 0, as at inference.
            "image": (tensors["image"].clamp(0, 1) * tensors["shown"]).float(),
            "label": tensors["label"].round().long(),
        }

    def _place(self, rng: np.random.Generator) -> tuple[int, int]:
        """Draw a volume and the flat index of a voxel in it."""
        options = self._options
        if self._with_lesion and rng.random() < options.lesion_share:
            volume = int(rng.choice(self._with_lesion))
            return volume, int(rng.choice(self._places[volume].lesion))
        if self._with_hard and rng.random() < options.hard_share:
            volume = int(rng.choice(self._with_hard))
            kinds = self._places[volume].hard
            return volume, int(rng.choice(kinds[rng.integers(len(kinds))]))
        volume = int(rng.integers(len(self._volumes)))
        places = self._places[volume]
        if options.negatives == "anywhere":
            return volume, int(rng.integers(places.brain.size))
        return volume, places.any_brain(rng)


def _augmentation(options: PatchSection) -> transforms.Compose:
    # The publication tried flips and rotations; intensity changes are added for data from few scanners.
    every, image = ["image", "label", "shown"], ["image"]
    steps: list[transforms.Transform] = []
    if options.turns:
        steps += [
            transforms.RandFlipd(every, prob=0.5, spatial_axis=2),
            transforms.RandFlipd(every, prob=0.5, spatial_axis=1),
            transforms.RandRotate90d(every, prob=0.75, spatial_axes=(1, 2)),
        ]
    if options.intensities:
        steps += [
            transforms.RandGaussianSmoothd(
                image, prob=0.2, sigma_x=(0, 0), sigma_y=(0.3, 1.0), sigma_z=(0.3, 1.0)
            ),  # x are slices
            transforms.RandGaussianNoised(image, prob=0.3, std=0.05),
            transforms.RandScaleIntensityd(image, factors=0.12, prob=0.4),
            transforms.RandShiftIntensityd(image, offsets=0.05, prob=0.4),
        ]
    return transforms.Compose(steps)
