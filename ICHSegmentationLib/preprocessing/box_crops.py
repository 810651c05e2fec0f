# SPDX-License-Identifier: Apache-2.0
"""The crop around a box that a network of a fixed size is shown, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix

if TYPE_CHECKING:
    from ICHSegmentationLib.preprocessing.input_spec import InputSpec

CROP_PX = 224
CROP_MARGIN = 0.1
"""Share of a box's side that a crop shows beyond each edge: the network learns where a lesion ends from both sides."""
MIN_CROP_MM = 16.0
"""A smaller crop would show a few pixels of noise and nothing around them."""


def crop_edges(first: float, last: float, least: float, margin: float = CROP_MARGIN) -> tuple[float, float]:
    """Return the edges of a crop along one side: those of the box with a margin, at least ``least`` apart."""
    middle, half = (first + last) / 2, max((last - first) * (0.5 + margin), least / 2)
    return middle - half, middle + half


@dataclass(frozen=True, eq=False)
class CropSampling:
    """Sampling of one slice's pixels on those of a crop.

    Attributes
    ----------
    rows_mm, columns_mm : numpy.ndarray
        Positions of the slice's rows and columns.
    crop_rows_mm, crop_columns_mm : numpy.ndarray
        (CROP_PX,) positions of the crop's, in the same coordinates.
    smoothing_mm : float
        Finer pixels are averaged to this size, which the network was trained on.
    """

    rows_mm: np.ndarray
    columns_mm: np.ndarray
    crop_rows_mm: np.ndarray
    crop_columns_mm: np.ndarray
    smoothing_mm: float

    @classmethod
    def around(cls, rows_mm: np.ndarray, columns_mm: np.ndarray, inside: np.ndarray, spec: InputSpec) -> CropSampling:
        """Lay a crop around the pixels of a (rows, columns) mask that has some."""
        crops = []
        for axis_mm, seen in ((rows_mm, inside.any(axis=1)), (columns_mm, inside.any(axis=0))):
            step = float(axis_mm[1] - axis_mm[0])
            ends = axis_mm[np.flatnonzero(seen)[[0, -1]]] + np.array([-0.5, 0.5]) * step
            crops.append(crop_positions(*crop_edges(float(ends[0]), float(ends[1]), MIN_CROP_MM)))
        return cls(rows_mm, columns_mm, crops[0], crops[1], spec.pixel_mm)

    def to_crop(self, plane: np.ndarray) -> np.ndarray:
        """Sample a (rows, columns) plane; (CROP_PX, CROP_PX) float32. Outside the image its edge is repeated."""
        ways = []
        for axis_mm, crop_mm in ((self.rows_mm, self.crop_rows_mm), (self.columns_mm, self.crop_columns_mm)):
            step = float(crop_mm[1] - crop_mm[0])
            ways.append(interpolation_matrix(axis_mm, crop_mm, width_mm=max(step, self.smoothing_mm)))
        sampled: np.ndarray = ways[0] @ plane.astype(np.float32, copy=False) @ ways[1].T
        return sampled

    def to_source(self, crop: np.ndarray) -> np.ndarray:
        """Sample a (CROP_PX, CROP_PX) crop on all of the slice's pixels; beyond the crop its edge is repeated."""
        down = interpolation_matrix(self.crop_rows_mm, self.rows_mm)
        across = interpolation_matrix(self.crop_columns_mm, self.columns_mm)
        sampled: np.ndarray = down @ crop @ across.T
        return sampled


def crop_positions(first: float, last: float) -> np.ndarray:
    """Return the middles of a crop's pixels between its edges."""
    return first + (np.arange(CROP_PX) + 0.5) * ((last - first) / CROP_PX)
