# SPDX-License-Identifier: Apache-2.0
"""Sampling of arrays on a slice grid, tilted or unevenly spaced, at points in patient coordinates."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.scan.grid import SliceGrid


def indices_at(grid: SliceGrid, points_mm: np.ndarray) -> np.ndarray:
    """Return fractional (slice, row, column) indices of points: the inverse of :meth:`SliceGrid.points_mm`.

    Parameters
    ----------
    grid : SliceGrid
        Slice grid with at least two slices.
    points_mm : numpy.ndarray
        (..., 3) LPS mm.

    Returns
    -------
    numpy.ndarray
        (..., 3) indices, extrapolated beyond the end slices with the last step.
    """
    heights = grid.positions_mm @ grid.normal
    order = np.argsort(heights)
    heights, numbers = heights[order], np.arange(grid.shape[0], dtype=np.float64)[order]
    # np.interp does not extrapolate, so one slice is added at each end.
    positions = grid.positions_mm[order]
    positions = np.vstack([2 * positions[0] - positions[1], positions, 2 * positions[-1] - positions[-2]])
    numbers = np.concatenate([[2 * numbers[0] - numbers[1]], numbers, [2 * numbers[-1] - numbers[-2]]])
    ends = positions @ grid.normal
    at = points_mm @ grid.normal
    slices = np.interp(at, ends, numbers)
    origins = np.stack([np.interp(at, ends, axis) for axis in positions.T], axis=-1)
    axes = np.stack([grid.orientation[1] * grid.spacing_mm[0], grid.orientation[0] * grid.spacing_mm[1]], axis=1)
    in_plane = (points_mm - origins) @ np.linalg.pinv(axes).T
    return np.concatenate([slices[..., None], in_plane], axis=-1)


def values_at(
    array: np.ndarray, grid: SliceGrid, points_mm: np.ndarray, *, outside: float, nearest: bool = False
) -> np.ndarray:
    """Sample an array on a slice grid at points.

    Parameters
    ----------
    array : numpy.ndarray
        (slices, rows, columns) values.
    grid : SliceGrid
        Slice grid of the array.
    points_mm : numpy.ndarray
        (..., 3) LPS mm.
    outside : float
        Value of points more than half a voxel outside the array.
    nearest : bool
        Use nearest-neighbour instead of linear interpolation, as needed for labels.

    Returns
    -------
    numpy.ndarray
        (...) float32, or the type of the array if ``nearest``.
    """
    from scipy import ndimage

    indices = np.moveaxis(indices_at(grid, points_mm), -1, 0)
    sizes = np.array(array.shape).reshape(3, *[1] * (indices.ndim - 1))
    beyond = ((indices < -0.5) | (indices > sizes - 0.5)).any(axis=0)
    found = ndimage.map_coordinates(
        array, indices, order=0 if nearest else 1, mode="nearest", output=array.dtype if nearest else np.float32
    )
    found[beyond] = outside
    return found
