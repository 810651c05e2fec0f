# SPDX-License-Identifier: Apache-2.0
"""What a network is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.messages import message
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
    clip_hu : tuple of float or None
        HU are clipped to this part of the window first: the range of the training data where it is narrower than the
        window. Without it the window alone clips.
    z_score : tuple of float or None
        Mean and standard deviation of the training set's input, in units of the window, that are taken off and divided
        by; fixed numbers, so that a slice's input depends neither on its crop nor on the other slices. Without it the
        network is shown 0 to 1.
    align_midline : bool
        Whether the midline of the head stands upright in the middle of the input.
    patches : PatchSpec or None
        Of a network that is shown patches of the volume; it has no neighbours.

    Raises
    ------
    ValueError
        If ``clip_hu`` is empty or reaches beyond the window, or the standard deviation is not positive.
    """

    window_hu: tuple[float, float]
    pixel_mm: float
    size_px: int
    neighbours: int
    neighbour_distance_mm: float
    clip_hu: tuple[float, float] | None = None
    z_score: tuple[float, float] | None = None
    align_midline: bool = False
    patches: PatchSpec | None = None

    def __post_init__(self) -> None:
        """Check the values against each other."""
        if self.clip_hu is not None:
            (low, high), (first, last) = self.clip_hu, self.window_hu
            if not first <= low < high <= last:
                raise ValueError(
                    message("preprocessing.clip_outside_window", clip_hu=self.clip_hu, window_hu=self.window_hu)
                )
        if self.z_score is not None and self.z_score[1] <= 0:
            raise ValueError(message("preprocessing.z_score_deviation"))

    @property
    def range_hu(self) -> tuple[float, float]:
        """HU that are told apart; what is beyond either end looks like that end."""
        return self.clip_hu or self.window_hu

    @property
    def channels(self) -> int:
        """Number of input channels."""
        if self.patches is not None:
            return self.patches.channels
        return 2 * self.neighbours + 1

    def window(self, hu: np.ndarray) -> np.ndarray:
        """Map `range_hu` to [0, 1], float32; before any resampling, so that bone does not bleed into brain."""
        low, high = self.range_hu
        return (np.clip(hu, low, high).astype(np.float32) - np.float32(low)) / np.float32(high - low)

    def network_values(self, windowed: np.ndarray) -> np.ndarray:
        """Map what `window` gave, resampled or not, to the network's input: 0 to 1 of `window_hu`, then the z-score."""
        scale, offset = self._scale_and_offset
        return windowed if (scale, offset) == (1.0, 0.0) else windowed * np.float32(scale) + np.float32(offset)

    @property
    def _scale_and_offset(self) -> tuple[float, float]:
        (low, high), (first, last) = self.range_hu, self.window_hu
        mean, deviation = self.z_score or (0.0, 1.0)
        scale, offset = (high - low) / (last - first), (low - first) / (last - first)
        return scale / deviation, (offset - mean) / deviation

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
