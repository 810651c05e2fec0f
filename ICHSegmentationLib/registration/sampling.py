# SPDX-License-Identifier: Apache-2.0
"""Values of a stack of slices at any points in the patient; tilt and uneven distances are honoured."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.grid import SliceGrid


def indices_at(grid: SliceGrid, points_mm: np.ndarray) -> np.ndarray:
    """Return fractional (slice, row, column) indices of points: the inverse of :meth:`SliceGrid.points_mm`.

    Parameters
    ----------
    grid : SliceGrid
        At least two slices.
    points_mm : numpy.ndarray
        (..., 3) LPS mm.

    Returns
    -------
    numpy.ndarray
        (..., 3). Above the top and below the bottom slice the step to its neighbour goes on.
    """
    heights = grid.positions_mm @ grid.normal
    order = np.argsort(heights)
    heights, numbers = heights[order], np.arange(grid.shape[0], dtype=np.float64)[order]
    # One more slice at each end, a step further on: np.interp does not go on beyond the ends by itself.
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
    """Return the values of an array on a grid at points, by linear interpolation or of the nearest voxel.

    Parameters
    ----------
    array : numpy.ndarray
        (slices, rows, columns).
    grid : SliceGrid
        Where the array lies.
    points_mm : numpy.ndarray
        (..., 3) LPS mm.
    outside : float
        Value more than half a voxel outside of the array.
    nearest : bool
        Take the nearest voxel, as labels need.

    Returns
    -------
    numpy.ndarray
        (...), float32, or for ``nearest`` of the array's own type.
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
