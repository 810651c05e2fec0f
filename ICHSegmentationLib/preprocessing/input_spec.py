# SPDX-License-Identifier: Apache-2.0
"""What a network is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec


@dataclass(frozen=True)
class InputSpec:
    """What a network is shown; part of the manifest, the same in training and inference.

    Attributes
    ----------
    window_hu : tuple of float
        HU that become 0 and 1.
    pixel_mm : float
        Pixel size of the network's input.
    size_px : int
        Least rows and columns of the input.
    neighbours : int
        Slices on each side that are added as channels.
    neighbour_distance_mm : float
        Distance between the channels, and the slice thickness that thinner slices are averaged to.
    patches : PatchSpec or None
        Of a network that is shown patches of the volume; it has no neighbours.
    """

    window_hu: tuple[float, float]
    pixel_mm: float
    size_px: int
    neighbours: int
    neighbour_distance_mm: float
    patches: PatchSpec | None = None

    @property
    def channels(self) -> int:
        """Number of input channels."""
        if self.patches is not None:
            return self.patches.channels
        return 2 * self.neighbours + 1

    def window(self, hu: np.ndarray) -> np.ndarray:
        """Map HU to [0, 1], float32; before any resampling, so that bone does not bleed into brain."""
        low, high = self.window_hu
        return (np.clip(hu, low, high).astype(np.float32) - np.float32(low)) / np.float32(high - low)

    def stack_weights(self, slices_mm: np.ndarray) -> np.ndarray:
        """Weights that make each slice's channels out of all slices.

        Slices thinner than ``neighbour_distance_mm`` are averaged to about that thickness, which is what the networks
        were trained on and lowers the noise; thicker ones are taken as they are.

        Parameters
        ----------
        slices_mm : numpy.ndarray
            (slices,) ascending positions along the normal.

        Returns
        -------
        numpy.ndarray
            (slices, channels, slices) float32; each row sums to 1.
        """
        offsets = np.arange(-self.neighbours, self.neighbours + 1) * self.neighbour_distance_mm
        targets = (slices_mm[:, None] + offsets).ravel()
        weights = interpolation_matrix(slices_mm, targets, width_mm=self.neighbour_distance_mm)
        return weights.reshape(len(slices_mm), len(offsets), len(slices_mm))
