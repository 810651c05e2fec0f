# SPDX-License-Identifier: Apache-2.0
"""Distance between the surfaces of two masks in mm, from the true positions of their voxels."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.scan.grid import SliceGrid


def hd95_mm(predicted: np.ndarray, reference: np.ndarray, grid: SliceGrid, first: tuple[int, int, int]) -> float | None:
    """Return the 95th percentile of the surface distances.

    Surface voxels are those with a face towards the outside. Their centres in patient coordinates are used, so tilt and
    uneven steps count. The result is the larger 95th percentile of both directions, as in MONAI, whose own function
    supports a single spacing per axis only.

    Parameters
    ----------
    predicted, reference : numpy.ndarray
        Bool masks of one shape.
    grid : SliceGrid
        Grid of the whole label map.
    first : tuple of int
        (slice, row, column) of the first voxel of the masks on that grid.

    Returns
    -------
    float or None
        None if a mask is empty.
    """
    from scipy.spatial import KDTree

    if not predicted.any() or not reference.any():
        return None
    points, others = (grid.points_mm(np.argwhere(_surface(mask)) + first) for mask in (predicted, reference))
    there = np.percentile(KDTree(others).query(points)[0], 95)
    back = np.percentile(KDTree(points).query(others)[0], 95)
    return float(max(there, back))


def _surface(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return mask & ~ndimage.binary_erosion(mask)
