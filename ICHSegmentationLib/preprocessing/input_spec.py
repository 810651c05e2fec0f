# SPDX-License-Identifier: Apache-2.0
"""Specification of the input of a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec

# Minimum distance of shown slices, relative to the neighbour distance: of 5 mm slices 2 mm apart are all shown to a
# slice-wise network, of 3 mm slices 2.5 mm apart to a network of patches.
_DISTANCE, _PATCHES_DISTANCE = 0.4, 0.75


@dataclass(frozen=True)
class InputSpec:
    """Specification of the input of a network; part of the manifest, the same in training and inference.

    Attributes
    ----------
    window_hu : tuple of float
        HU that are mapped to 0 and 1.
    pixel_mm : float
        Pixel size of the input.
    size_px : int
        Minimum number of rows and columns of the input.
    neighbours : int
        Number of slices on each side that are added as channels.
    neighbour_distance_mm : float
        Distance between the channels, and the slice thickness that thinner slices are averaged to.
    clip_hu : tuple of float or None
        Range to which HU are clipped, a part of the window; the window itself if None. For training data with a range
        narrower than the window.
    z_score : tuple of float or None
        Mean and standard deviation of the training data, in units of the window, for normalization. They are constants,
        so that the input of a slice depends neither on its crop nor on other slices. If None, the input is 0 to 1.
    align_midline : bool
        Whether the head is rotated and shifted so that its midline is the vertical line in the middle of the input.
    patches : PatchSpec or None
        Specification of 3D patches, for networks that take patches; they use no neighbours.

    Raises
    ------
    ValueError
        If ``clip_hu`` is empty or not inside the window, or the standard deviation is not positive.
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
        """Range to which HU are clipped."""
        return self.clip_hu or self.window_hu

    @property
    def channels(self) -> int:
        """Number of input channels."""
        if self.patches is not None:
            return self.patches.channels
        return 2 * self.neighbours + 1

    @property
    def min_distance_mm(self) -> float:
        """Minimum distance between slices that the network is shown.

        The channels of slices nearer to each other are averages over nearly the same part of a scan.
        """
        return (_PATCHES_DISTANCE if self.patches else _DISTANCE) * self.neighbour_distance_mm

    def window(self, hu: np.ndarray) -> np.ndarray:
        """Map `range_hu` to [0, 1], float32.

        Apply it before resampling, so that high values of bone do not spread into brain.
        """
        low, high = self.range_hu
        return (np.clip(hu, low, high).astype(np.float32) - np.float32(low)) / np.float32(high - low)

    def network_values(self, windowed: np.ndarray) -> np.ndarray:
        """Map the output of `window`, resampled or not, to the input of the network.

        `range_hu` is rescaled to its part of `window_hu`, then the z-score is applied.
        """
        scale, offset = self._scale_and_offset
        return windowed if (scale, offset) == (1.0, 0.0) else windowed * np.float32(scale) + np.float32(offset)

    @property
    def _scale_and_offset(self) -> tuple[float, float]:
        (low, high), (first, last) = self.range_hu, self.window_hu
        mean, deviation = self.z_score or (0.0, 1.0)
        scale, offset = (high - low) / (last - first), (low - first) / (last - first)
        return scale / deviation, (offset - mean) / deviation

    def stack_weights(self, slices_mm: np.ndarray) -> np.ndarray:
        """Return the weights that combine all slices to the channels of each slice.

        Slices thinner than ``neighbour_distance_mm`` are averaged to about that thickness, as in the training data;
        thicker ones are interpolated linearly.

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
