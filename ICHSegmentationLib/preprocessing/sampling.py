# SPDX-License-Identifier: Apache-2.0
"""Sample slices for a network around the head, and take its answer back to the source pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix

if TYPE_CHECKING:
    from ICHSegmentationLib.preprocessing.head import HeadRegion
    from ICHSegmentationLib.preprocessing.input_spec import InputSpec

_SIZE_MULTIPLE = 64  # the strides of the networks
_MARGIN_MM = 8.0  # around the inside of the skull, so that the skull itself is seen


@dataclass(frozen=True, eq=False)
class HeadSampling:
    """In-plane sampling of canonical slices on a network's pixels.

    Attributes
    ----------
    rows_mm, columns_mm : numpy.ndarray
        Ascending sample positions of the canonical rows and columns.
    network_rows_mm, network_columns_mm : numpy.ndarray
        Sample positions of the network's rows and columns in the same coordinates.
    """

    rows_mm: np.ndarray
    columns_mm: np.ndarray
    network_rows_mm: np.ndarray
    network_columns_mm: np.ndarray

    @classmethod
    def around(
        cls, coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray], region: HeadRegion, spec: InputSpec
    ) -> HeadSampling:
        """Centre the network's square pixels on the head.

        The size is ``spec.size_px`` pixels, more (in steps of 64) only for a head that does not fit: one size for
        nearly all heads keeps one compiled model.

        Parameters
        ----------
        coordinates_mm : tuple of numpy.ndarray
            Sample positions along the canonical axes.
        region : HeadRegion
            Where the head lies.
        spec : InputSpec
            Pixel and least size.
        """
        network_rows = _centred(region.rows_mm, spec.pixel_mm, spec.size_px)
        network_columns = _centred(region.columns_mm, spec.pixel_mm, spec.size_px)
        return cls(coordinates_mm[1], coordinates_mm[2], network_rows, network_columns)

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the network's input."""
        return len(self.network_rows_mm), len(self.network_columns_mm)

    def of_slice(self, number: int) -> HeadSampling:  # noqa: ARG002 - as `AlignedSampling.of_slice`
        """Return the sampling of a canonical slice, here the same for all."""
        return self

    def edges_mm(self, edges: np.ndarray) -> np.ndarray:
        """Turn (n, 4) top, left, bottom and right edges of network pixels into canonical mm; pixel i begins at i."""
        first = np.array([self.network_rows_mm[0], self.network_columns_mm[0]] * 2)
        return first + (edges - 0.5) * _pixel(self.network_rows_mm)

    def to_network(self, planes: np.ndarray) -> np.ndarray:
        """Sample (slices, rows, columns) canonical planes; float32 (slices, H, W).

        Coarser pixels average the finer ones under them. Outside the field of view the edge pixel is repeated.
        """
        return self._row_weights @ planes.astype(np.float32, copy=False) @ self._column_weights.T

    def to_source(self, planes: np.ndarray, rows: slice, columns: slice) -> tuple[np.ndarray, tuple[slice, slice]]:
        """Sample a part of network planes on the canonical pixels that lie inside it.

        Parameters
        ----------
        planes : numpy.ndarray
            (..., H, W) network planes.
        rows, columns : slice
            The part of the planes to take, at least two rows and columns.

        Returns
        -------
        planes : numpy.ndarray
            (..., rows, columns) float32, linear interpolation.
        box : tuple of slice
            Where they lie among the canonical rows and columns.
        """
        network_rows, network_columns = self.network_rows_mm[rows], self.network_columns_mm[columns]
        box = _covered(self.rows_mm, network_rows), _covered(self.columns_mm, network_columns)
        down = interpolation_matrix(network_rows, self.rows_mm[box[0]])
        across = interpolation_matrix(network_columns, self.columns_mm[box[1]])
        return down @ planes[..., rows, columns] @ across.T, box

    @cached_property
    def _row_weights(self) -> np.ndarray:
        return interpolation_matrix(self.rows_mm, self.network_rows_mm, width_mm=_pixel(self.network_rows_mm))

    @cached_property
    def _column_weights(self) -> np.ndarray:
        return interpolation_matrix(self.columns_mm, self.network_columns_mm, width_mm=_pixel(self.network_columns_mm))


def _centred(extent_mm: tuple[float, float], pixel_mm: float, least_size: int) -> np.ndarray:
    needed = (extent_mm[1] - extent_mm[0] + 2 * _MARGIN_MM) / pixel_mm
    size = max(least_size, math.ceil(needed / _SIZE_MULTIPLE) * _SIZE_MULTIPLE)
    return (extent_mm[0] + extent_mm[1]) / 2 + (np.arange(size) - (size - 1) / 2) * pixel_mm


def _covered(source_mm: np.ndarray, network_mm: np.ndarray) -> slice:
    first = np.searchsorted(source_mm, network_mm[0], side="left")
    last = np.searchsorted(source_mm, network_mm[-1], side="right")
    return slice(int(first), int(last))


def _pixel(network_mm: np.ndarray) -> float:
    return float(network_mm[1] - network_mm[0])
