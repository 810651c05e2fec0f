# SPDX-License-Identifier: Apache-2.0
"""Augmentation: brightening of the brain towards the skull by beam hardening and scatter."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import GaussianSmooth, MapTransform, RandomizableTransform

_BONE = 0.99  # of the window


class RandBeamHardeningd(RandomizableTransform, MapTransform):
    """Add a multiple of the blurred bone to windowed slices.

    Scanners correct the cupping caused by bone to different degrees; the residue looks like thin hemorrhage along the
    inner table.

    Parameters
    ----------
    keys : str or sequence of str
        (channels, H, W) images in [0, 1], bone saturated.
    prob : float
        Probability of changing an image.
    strength : tuple of float
        Range of the change in units of the window; about half of it remains inside bone after blurring.
    sigma_px : tuple of float
        Range of the standard deviation of the blur.
    """

    def __init__(
        self, keys: KeysCollection, *, prob: float, strength: tuple[float, float], sigma_px: tuple[float, float]
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self._strength = strength
        self._sigma_px = sigma_px

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Return the sample with changed images, or unchanged."""
        sample = dict(data)
        self.randomize(None)
        if not self._do_transform:
            return sample
        strength, sigma = self.R.uniform(*self._strength), self.R.uniform(*self._sigma_px)
        for key in self.key_iterator(sample):
            image = torch.as_tensor(sample[key])
            sample[key] = image + strength * GaussianSmooth(sigma)((image >= _BONE).float())
        return sample
