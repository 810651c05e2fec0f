# SPDX-License-Identifier: Apache-2.0
"""Fixed-size crops around boxes as network input, and their conversion to the source pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.preprocessing.interpolation import interpolate, interpolation_matrix

if TYPE_CHECKING:
    from ICHSegmentationLib.preprocessing.input_spec import InputSpec

CROP_PX = 224
CROP_MARGIN = 0.1
"""Margin of a crop beyond each edge, as a fraction of the side of the box, so that the lesion's border is inside."""
MIN_CROP_MM = 16.0
"""Minimum side of a crop; a smaller one would contain too few source pixels."""


def crop_edges(first: float, last: float, min_size: float, margin: float = CROP_MARGIN) -> tuple[float, float]:
    """Return the edges of a crop along one axis: those of the box with a margin, at least ``min_size`` apart."""
    middle, half = (first + last) / 2, max((last - first) * (0.5 + margin), min_size / 2)
    return middle - half, middle + half


@dataclass(frozen=True, eq=False)
class CropSampling:
    """Sampling of the pixels of one slice on those of a crop.

    Attributes
    ----------
    rows_mm, columns_mm : numpy.ndarray
        Positions of the rows and columns of the slice.
    crop_rows_mm, crop_columns_mm : numpy.ndarray
        (CROP_PX,) positions of the rows and columns of the crop, in the same coordinates.
    smoothing_mm : float
        Pixel size of the training data; finer pixels are averaged to it.
    """

    rows_mm: np.ndarray
    columns_mm: np.ndarray
    crop_rows_mm: np.ndarray
    crop_columns_mm: np.ndarray
    smoothing_mm: float

    @classmethod
    def around(cls, rows_mm: np.ndarray, columns_mm: np.ndarray, inside: np.ndarray, spec: InputSpec) -> CropSampling:
        """Return the sampling of the crop around a (rows, columns) mask, which must not be empty."""
        crops = []
        for axis_mm, present in ((rows_mm, inside.any(axis=1)), (columns_mm, inside.any(axis=0))):
            step = float(axis_mm[1] - axis_mm[0])
            ends = axis_mm[np.flatnonzero(present)[[0, -1]]] + np.array([-0.5, 0.5]) * step
            crops.append(crop_positions(*crop_edges(float(ends[0]), float(ends[1]), MIN_CROP_MM)))
        return cls(rows_mm, columns_mm, crops[0], crops[1], spec.pixel_mm)

    def to_crop(self, plane: np.ndarray) -> np.ndarray:
        """Sample a (rows, columns) plane; return (CROP_PX, CROP_PX) float32.

        Edge pixels are repeated outside the image.
        """
        weights = []
        for axis_mm, crop_mm in ((self.rows_mm, self.crop_rows_mm), (self.columns_mm, self.crop_columns_mm)):
            step = float(crop_mm[1] - crop_mm[0])
            weights.append(interpolation_matrix(axis_mm, crop_mm, width_mm=max(step, self.smoothing_mm)))
        sampled: np.ndarray = weights[0] @ plane.astype(np.float32, copy=False) @ weights[1].T
        return sampled

    def to_source(self, crop: np.ndarray) -> np.ndarray:
        """Sample a (CROP_PX, CROP_PX) crop on all pixels of the slice; edge pixels are repeated outside the crop."""
        across = interpolate(crop, self.crop_columns_mm, self.columns_mm, axis=1)
        return interpolate(across, self.crop_rows_mm, self.rows_mm, axis=0)


def crop_positions(first: float, last: float) -> np.ndarray:
    """Return the (CROP_PX,) centres of the pixels of a crop between its edges."""
    return first + (np.arange(CROP_PX) + 0.5) * ((last - first) / CROP_PX)
