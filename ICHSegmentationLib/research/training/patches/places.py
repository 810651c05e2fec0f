# SPDX-License-Identifier: Apache-2.0
"""Candidate centres of training patches in a volume (Abramova et al. 2021, section 2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.data.clot import IGNORE

_BORDER_VOXELS = (1, 8, 8)  # reach of the cube around a lesion: one slice, 6.4 mm of pixels of 0.8 mm


@dataclass(frozen=True, eq=False)
class PatchPlaces:
    """Candidate centres of patches in one volume; flat indices on (slices, H, W).

    Attributes
    ----------
    lesion : numpy.ndarray
        Voxels of any lesion class.
    hard : tuple of numpy.ndarray
        Hard negatives by kind, without empty kinds: brain at the border of a lesion, IVH that is background, other
        hemorrhage that is background.
    brain : numpy.ndarray
        (slices, H, W) bool.
    """

    lesion: np.ndarray
    hard: tuple[np.ndarray, ...]
    brain: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, classes: np.ndarray, brain: np.ndarray) -> PatchPlaces:
        """Sort the voxels of a volume.

        Parameters
        ----------
        labels, classes : numpy.ndarray
            (slices, H, W) uint8: subtypes, and their classes in the network.
        brain : numpy.ndarray
            (slices, H, W) bool.
        """
        lesion = (classes > 0) & (classes != IGNORE)
        around = ndimage.maximum_filter(lesion, size=tuple(2 * reach + 1 for reach in _BORDER_VOXELS))
        background = (classes == 0) & brain
        ventricular = background & (labels == Subtype.IVH)
        kinds = (background & around, ventricular, background & (labels > 0) & ~ventricular)
        hard = (np.flatnonzero(kind).astype(np.int32) for kind in kinds)
        return cls(np.flatnonzero(lesion).astype(np.int32), tuple(kind for kind in hard if len(kind)), brain)

    def any_brain(self, rng: np.random.Generator) -> int:
        """Draw a voxel of the brain."""
        flat = self.brain.reshape(-1)
        while True:
            number = int(rng.integers(flat.size))
            if flat[number]:
                return number
