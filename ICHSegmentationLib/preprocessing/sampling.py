# SPDX-License-Identifier: Apache-2.0
"""In-plane sampling of slices for a network, and of its output on the source pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.preprocessing.interpolation import interpolate, interpolation_matrix

if TYPE_CHECKING:
    from ICHSegmentationLib.preprocessing.head import HeadRegion
    from ICHSegmentationLib.preprocessing.input_spec import InputSpec

_SIZE_MULTIPLE = 64  # the strides of the networks
_MARGIN_MM = 8.0  # around the inside of the skull, for the skull itself


@dataclass(frozen=True, eq=False)
class HeadSampling:
    """In-plane sampling of canonical slices on the pixels of a network.

    Attributes
    ----------
    rows_mm, columns_mm : numpy.ndarray
        Ascending positions of the canonical rows and columns.
    network_rows_mm, network_columns_mm : numpy.ndarray
        Positions of the rows and columns of the network in the same coordinates.
    """

    rows_mm: np.ndarray
    columns_mm: np.ndarray
    network_rows_mm: np.ndarray
    network_columns_mm: np.ndarray

    @classmethod
    def around(
        cls, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray], region: HeadRegion, spec: InputSpec
    ) -> HeadSampling:
        """Centre the square pixels of the network on the head.

        The size is ``spec.size_px`` pixels, or the next multiple of 64 for a head that does not fit. Nearly all heads
        have the same size, so that the model is compiled once.

        Parameters
        ----------
        coordinates_mm : tuple of numpy.ndarray
            Sample positions along the canonical axes.
        region : HeadRegion
            Region of the head.
        spec : InputSpec
            Input specification with pixel size and minimum size.
        """
        network_rows = _centred(region.rows_mm, spec.pixel_mm, spec.size_px)
        network_columns = _centred(region.columns_mm, spec.pixel_mm, spec.size_px)
        return cls(coordinates_mm[1], coordinates_mm[2], network_rows, network_columns)

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the network's input."""
        return len(self.network_rows_mm), len(self.network_columns_mm)

    def of_slice(self, number: int) -> HeadSampling:  # noqa: ARG002 - as `AlignedSampling.of_slice`
        """Return the sampling of a canonical slice, here the same for all slices."""
        return self

    def edges_mm(self, edges: np.ndarray) -> np.ndarray:
        """Convert (n, 4) top, left, bottom and right network pixel edges to canonical mm.

        Pixel i extends from edge i to edge i + 1.
        """
        first = np.array([self.network_rows_mm[0], self.network_columns_mm[0]] * 2)
        return first + (edges - 0.5) * _pixel(self.network_rows_mm)

    def to_network(self, planes: np.ndarray) -> np.ndarray:
        """Sample (slices, rows, columns) canonical planes; return (slices, H, W) float32.

        Finer pixels are averaged (triangle filter). Edge pixels are repeated outside the field of view.
        """
        return self._row_weights @ planes.astype(np.float32, copy=False) @ self._column_weights.T

    def to_source(self, planes: np.ndarray, rows: slice, columns: slice) -> tuple[np.ndarray, tuple[slice, slice]]:
        """Sample a part of network planes on the canonical pixels inside it.

        Parameters
        ----------
        planes : numpy.ndarray
            (..., H, W) network planes.
        rows, columns : slice
            Part of the planes to sample, at least two rows and columns.

        Returns
        -------
        planes : numpy.ndarray
            (..., rows, columns) float32, linear interpolation.
        box : tuple of slice
            Canonical rows and columns of the sampled pixels.
        """
        network_rows, network_columns = self.network_rows_mm[rows], self.network_columns_mm[columns]
        box = _covered(self.rows_mm, network_rows), _covered(self.columns_mm, network_columns)
        across = interpolate(planes[..., rows, columns], network_columns, self.columns_mm[box[1]], axis=-1)
        return interpolate(across, network_rows, self.rows_mm[box[0]], axis=-2), box

    @cached_property
    def _row_weights(self) -> np.ndarray:
        return interpolation_matrix(self.rows_mm, self.network_rows_mm, width_mm=_pixel(self.network_rows_mm))

    @cached_property
    def _column_weights(self) -> np.ndarray:
        return interpolation_matrix(self.columns_mm, self.network_columns_mm, width_mm=_pixel(self.network_columns_mm))


def _centred(extent_mm: tuple[float, float], pixel_mm: float, min_size: int) -> np.ndarray:
    needed = (extent_mm[1] - extent_mm[0] + 2 * _MARGIN_MM) / pixel_mm
    size = max(min_size, math.ceil(needed / _SIZE_MULTIPLE) * _SIZE_MULTIPLE)
    return (extent_mm[0] + extent_mm[1]) / 2 + (np.arange(size) - (size - 1) / 2) * pixel_mm


def _covered(source_mm: np.ndarray, network_mm: np.ndarray) -> slice:
    first = np.searchsorted(source_mm, network_mm[0], side="left")
    last = np.searchsorted(source_mm, network_mm[-1], side="right")
    return slice(int(first), int(last))


def _pixel(network_mm: np.ndarray) -> float:
    return float(network_mm[1] - network_mm[0])
