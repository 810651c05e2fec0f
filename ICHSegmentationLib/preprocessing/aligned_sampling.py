# SPDX-License-Identifier: Apache-2.0
"""Sample slices for a network around the head with its midline upright, and take the answer back; one interpolation."""

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
    """In-plane sampling of canonical slices on a network's pixels, turned and shifted onto the midline.

    Attributes
    ----------
    head : HeadSampling
        The crop around the head as it lies, on which the midline was found.
    alignment : MidlineAlignment
        From that crop to the upright one.
    heights_mm : numpy.ndarray
        (slices,) of all canonical slices, above the first one that the midline was found on.
    """

    head: HeadSampling
    alignment: MidlineAlignment
    heights_mm: np.ndarray

    @classmethod
    def of(
        cls, head: HeadSampling, planes: Iterable[np.ndarray], slices_mm: np.ndarray, numbers: np.ndarray
    ) -> AlignedSampling:
        """Find the midline.

        Parameters
        ----------
        head : HeadSampling
            Crop around the head.
        planes : iterable of numpy.ndarray
            (rows, columns) canonical planes in [0, 1] to find it on.
        slices_mm : numpy.ndarray
            (slices,) ascending positions of all slices.
        numbers : numpy.ndarray
            Which of them the planes are.
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
        """Weights along rows and columns that average pixels finer than the network's before these are sampled.

        Together with the interpolation, whose own triangle is a source pixel wide, they spread as far as the triangle
        of `HeadSampling.to_network`.
        """
        rows_mm, columns_mm = self.head.rows_mm, self.head.columns_mm
        return _smoothing(rows_mm, self.alignment.pixel_mm), _smoothing(columns_mm, self.alignment.pixel_mm)


@dataclass(frozen=True, eq=False)
class AlignedSlice:
    """`AlignedSampling` of one slice."""

    sampling: AlignedSampling
    height_mm: float

    def to_network(self, plane: np.ndarray) -> np.ndarray:
        """Sample a (rows, columns) canonical plane; float32 (H, W). Outside the image its edge is repeated."""
        head = self.sampling.head
        down, across = self.sampling.smoothing
        first_mm = np.array([head.network_rows_mm[0], head.network_columns_mm[0]])
        at_mm = self.sampling.alignment.grid_mm(self.height_mm) + first_mm[:, None, None]
        at = [_index(axis, place) for axis, place in zip((head.rows_mm, head.columns_mm), at_mm, strict=True)]
        sampled: np.ndarray = ndimage.map_coordinates(down @ plane @ across.T, at, order=1, output=np.float32)
        return sampled

    def to_source(self, planes: np.ndarray, rows: slice, columns: slice) -> tuple[np.ndarray, tuple[slice, slice]]:
        """Sample a part of network planes on the canonical pixels around it.

        Parameters and results are those of `HeadSampling.to_source`; pixels of the box that lie outside the images are
        0 in all planes.
        """
        head, alignment = self.sampling.head, self.sampling.alignment
        ends = (
            (part.start, min(part.stop, size) - 1)
            for part, size in zip((rows, columns), planes.shape[-2:], strict=True)
        )
        corners = np.ix_((0, 1), *ends)
        places = alignment.grid_mm(self.height_mm)[corners].reshape(2, -1)
        axes = (head.rows_mm - head.network_rows_mm[0], head.columns_mm - head.network_columns_mm[0])
        box = tuple(
            slice(*np.searchsorted(axis, (place.min(), place.max() + 1e-9)))
            for axis, place in zip(axes, places, strict=True)
        )
        at = alignment.pixels_at(axes[0][box[0]], axes[1][box[1]], self.height_mm)
        sampled = [ndimage.map_coordinates(plane, at, order=1, output=np.float32, cval=0.0) for plane in planes]
        return np.stack(sampled), (box[0], box[1])


def _smoothing(axis_mm: np.ndarray, pixel_mm: float) -> np.ndarray:
    step_mm = float(np.median(np.diff(axis_mm)))
    return interpolation_matrix(axis_mm, axis_mm, width_mm=math.sqrt(max(pixel_mm**2 - step_mm**2, 0.0)))


def _index(axis_mm: np.ndarray, places_mm: np.ndarray) -> np.ndarray:
    """Return fractional sample numbers of places; beyond the ends those of the ends."""
    return np.interp(places_mm, axis_mm, np.arange(len(axis_mm)))
