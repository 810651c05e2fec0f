# SPDX-License-Identifier: Apache-2.0
"""Smooth displacement of the brain by space-occupying lesions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.research.simulation.lesion_site import LesionSite
from ICHSegmentationLib.research.simulation.lesions.lesion import Lesion

_COARSE = 4
_SHORTEST_REACH_MM = 10.0
_LONGEST_REACH_MM = 28.0
_PINNED_MM = 8.0
_NOTICEABLE_PIXELS = 0.1
_STEEPEST = 0.5
"""Maximum change of the displacement per mm; larger values would fold the brain over itself."""


class Displacement:
    """In-plane displacement field away from lesions, zero at the bone.

    The negative gradient of the smoothed lesions: directed outwards, strongest at their border and fading over a few
    centimetres. It shifts the midline and narrows the ventricles beside a large lesion.

    Parameters
    ----------
    site : LesionSite
    lesions : sequence of Lesion
        Lesions with `push_mm` of 0 have no effect.
    """

    def __init__(self, site: LesionSite, lesions: Sequence[Lesion]) -> None:
        shape = site.anatomy.intracranial.shape
        self._shape = shape
        pushing = [lesion for lesion in lesions if lesion.push_mm > 0]
        self._source: tuple[np.ndarray, np.ndarray] | None = None
        if not pushing:
            return
        coarse_shape = (shape[0], -(-shape[1] // _COARSE), -(-shape[2] // _COARSE))
        rows = np.zeros(coarse_shape, dtype=np.float32)
        columns = np.zeros(coarse_shape, dtype=np.float32)
        depth = site.depth_mm[:, ::_COARSE, ::_COARSE]
        pinned = np.clip(depth / _PINNED_MM, 0, 1)
        for lesion in pushing:
            whole = np.zeros(shape, dtype=np.float32)
            whole[lesion.box] = lesion.coverage
            push_rows, push_columns = _away_from(whole[:, ::_COARSE, ::_COARSE], site, lesion.push_mm)
            rows += push_rows * pinned
            columns += push_columns * pinned
        self._source = (self._refined(rows) / site.spacing_mm[1], self._refined(columns) / site.spacing_mm[2])

    def warp(self, image: np.ndarray) -> np.ndarray:
        """Warp a float image of the site (linear interpolation in plane)."""
        if self._source is None:
            return image
        moved = np.empty_like(image)
        rows, columns = self._grids()
        for index in range(image.shape[0]):
            shift_rows, shift_columns = self._source[0][index], self._source[1][index]
            if max(np.abs(shift_rows).max(), np.abs(shift_columns).max()) < _NOTICEABLE_PIXELS:
                moved[index] = image[index]
                continue
            where = (rows - shift_rows, columns - shift_columns)
            ndimage.map_coordinates(image[index], where, output=moved[index], order=1, mode="nearest")
        return moved

    def warp_labels(self, labels: np.ndarray) -> np.ndarray:
        """Warp a mask or label map of the site (nearest neighbour)."""
        if self._source is None:
            return labels
        rows, columns = self._grids()
        from_rows = np.clip(np.rint(rows - self._source[0]), 0, labels.shape[1] - 1).astype(np.intp)
        from_columns = np.clip(np.rint(columns - self._source[1]), 0, labels.shape[2] - 1).astype(np.intp)
        return labels[np.arange(labels.shape[0])[:, None, None], from_rows, from_columns]

    def _grids(self) -> tuple[np.ndarray, np.ndarray]:
        rows = np.arange(self._shape[1], dtype=np.float32)[:, None]
        columns = np.arange(self._shape[2], dtype=np.float32)[None, :]
        return rows, columns

    def _refined(self, coarse: np.ndarray) -> np.ndarray:
        """Interpolate to the pixels of the site."""
        return _linear(self._shape[1], coarse.shape[1]) @ coarse @ _linear(self._shape[2], coarse.shape[2]).T


def _linear(pixels: int, knots: int) -> np.ndarray:
    """Return the matrix (pixels, knots) that interpolates between knots at every `_COARSE`-th pixel."""
    places = np.arange(pixels) / _COARSE
    columns = [np.interp(places, np.arange(knots), unit) for unit in np.eye(knots)]
    return np.stack(columns, axis=1).astype(np.float32)


def _away_from(coverage: np.ndarray, site: LesionSite, push_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the displacement in mm along rows and columns on the coarse grid."""
    pixel_mm = (site.spacing_mm[1] * _COARSE, site.spacing_mm[2] * _COARSE)
    reach_mm = float(np.clip(2.0 * push_mm + 6, _SHORTEST_REACH_MM, _LONGEST_REACH_MM))
    sigma = (reach_mm / site.spacing_mm[0], reach_mm / pixel_mm[0], reach_mm / pixel_mm[1])
    pressure = ndimage.gaussian_filter(coverage, sigma, mode="constant", truncate=2.5)
    rows = -np.gradient(pressure, pixel_mm[0], axis=1)
    columns = -np.gradient(pressure, pixel_mm[1], axis=2)
    largest = float(np.sqrt(rows**2 + columns**2).max())
    if largest == 0:
        return rows, columns
    scale = min(push_mm, _STEEPEST * reach_mm) / largest
    return rows * scale, columns * scale
