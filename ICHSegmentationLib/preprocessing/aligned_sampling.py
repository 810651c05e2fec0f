# SPDX-License-Identifier: Apache-2.0
"""In-plane sampling with midline alignment, in a single interpolation in each direction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix
from ICHSegmentationLib.preprocessing.midline_alignment import MidlineAlignment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ICHSegmentationLib.preprocessing.sampling import HeadSampling


@dataclass(frozen=True, eq=False)
class AlignedSampling:
    """In-plane sampling of canonical slices on the pixels of a network, rotated and shifted to the midline.

    Attributes
    ----------
    head : HeadSampling
        Sampling of the crop around the unaligned head, on which the midline was found.
    alignment : MidlineAlignment
        Rotation and shift of that crop.
    heights_mm : numpy.ndarray
        (slices,) height of each canonical slice above the first one that the midline was found on.
    """

    head: HeadSampling
    alignment: MidlineAlignment
    heights_mm: np.ndarray

    @classmethod
    def of(
        cls, head: HeadSampling, planes: Iterable[np.ndarray], slices_mm: np.ndarray, numbers: np.ndarray
    ) -> AlignedSampling:
        """Find the midline on the planes of some slices.

        Parameters
        ----------
        head : HeadSampling
            Sampling of the crop around the head.
        planes : iterable of numpy.ndarray
            (rows, columns) windowed canonical planes in [0, 1].
        slices_mm : numpy.ndarray
            (slices,) ascending positions of all slices.
        numbers : numpy.ndarray
            Slice number of each plane.
        """
        pixel_mm = float(head.network_rows_mm[1] - head.network_rows_mm[0])
        crops = np.stack([head.to_network(plane) for plane in planes])
        alignment = MidlineAlignment.of(crops, slices_mm[numbers], pixel_mm)
        return cls(head, alignment, slices_mm - slices_mm[numbers[0]])

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the network's input."""
        return self.alignment.size_px, self.alignment.size_px

    def of_slice(self, number: int) -> AlignedSlice:
        """Return the sampling of a canonical slice."""
        return AlignedSlice(self, float(self.heights_mm[number]))

    @cached_property
    def smoothing(self) -> tuple[np.ndarray, np.ndarray]:
        """(rows, rows) and (columns, columns) weights that smooth fine pixels before sampling (anti-aliasing).

        Followed by linear interpolation they are equivalent to the triangle filter of `HeadSampling.to_network`.
        """
        rows_mm, columns_mm = self.head.rows_mm, self.head.columns_mm
        return _smoothing(rows_mm, self.alignment.pixel_mm), _smoothing(columns_mm, self.alignment.pixel_mm)


@dataclass(frozen=True, eq=False)
class AlignedSlice:
    """`AlignedSampling` of one slice, at a height above the first slice that the midline was found on."""

    sampling: AlignedSampling
    height_mm: float

    def to_network(self, plane: np.ndarray) -> np.ndarray:
        """Sample a (rows, columns) canonical plane; return (H, W) float32.

        Edge pixels are repeated outside the image.
        """
        head = self.sampling.head
        down, across = self.sampling.smoothing
        first_mm = np.array([head.network_rows_mm[0], head.network_columns_mm[0]])
        at_mm = self.sampling.alignment.grid_mm(self.height_mm) + first_mm[:, None, None]
        at = [_index(axis, position) for axis, position in zip((head.rows_mm, head.columns_mm), at_mm, strict=True)]
        sampled: np.ndarray = ndimage.map_coordinates(down @ plane @ across.T, at, order=1, output=np.float32)
        return sampled

    def to_source(self, planes: np.ndarray, rows: slice, columns: slice) -> tuple[np.ndarray, tuple[slice, slice]]:
        """Sample a part of network planes on the canonical pixels around it.

        See `HeadSampling.to_source` for parameters and results. Pixels outside the network planes are 0.
        """
        head, alignment = self.sampling.head, self.sampling.alignment
        ends = (
            (part.start, min(part.stop, size) - 1)
            for part, size in zip((rows, columns), planes.shape[-2:], strict=True)
        )
        corners = np.ix_((0, 1), *ends)
        positions = alignment.grid_mm(self.height_mm)[corners].reshape(2, -1)
        axes = (head.rows_mm - head.network_rows_mm[0], head.columns_mm - head.network_columns_mm[0])
        box = tuple(
            slice(*np.searchsorted(axis, (position.min(), position.max() + 1e-9)))
            for axis, position in zip(axes, positions, strict=True)
        )
        at = alignment.pixels_at(axes[0][box[0]], axes[1][box[1]], self.height_mm)
        sampled = [ndimage.map_coordinates(plane, at, order=1, output=np.float32, cval=0.0) for plane in planes]
        return np.stack(sampled), (box[0], box[1])


def _smoothing(axis_mm: np.ndarray, pixel_mm: float) -> np.ndarray:
    step_mm = float(np.median(np.diff(axis_mm)))
    return interpolation_matrix(axis_mm, axis_mm, width_mm=math.sqrt(max(pixel_mm**2 - step_mm**2, 0.0)))


def _index(axis_mm: np.ndarray, positions_mm: np.ndarray) -> np.ndarray:
    """Return fractional sample indices of positions, clipped to the ends of the axis."""
    return np.interp(positions_mm, axis_mm, np.arange(len(axis_mm)))
