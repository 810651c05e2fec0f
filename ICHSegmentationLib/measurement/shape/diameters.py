# SPDX-License-Identifier: Apache-2.0
"""Diameters of masks in mm, between the edges of voxels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.core.scan.grid import SliceGrid

_FINE = 4
"""Samples per pixel, in both directions, of the search for a chord."""


class Line(NamedTuple):
    """Line segment between two points, each (3,) LPS mm."""

    start_mm: np.ndarray
    end_mm: np.ndarray

    @property
    def length_mm(self) -> float:
        """Distance between the end points."""
        return float(np.linalg.norm(self.end_mm - self.start_mm))


def longest_line(mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid) -> Line:
    """Return the longest line between two points of a mask, in three dimensions.

    The end points are centres of voxel faces: half a pixel from the voxel centre in the slice, half the slice extent
    along the normal. The diameter of a single voxel is its longest side. Lines between voxel centres would be too short
    by one voxel, lines between corners too long.

    Parameters
    ----------
    mask : numpy.ndarray
        (slices, rows, columns) bool with at least one voxel, a part of the label map.
    offset : tuple of int
        Index of the first voxel of the mask in the label map.
    grid : SliceGrid
        Slice grid of the label map.
    """
    indices = _row_ends(mask)
    centres = grid.points_mm(indices + offset)
    across = grid.extents_mm[indices[:, 0] + offset[0], None] / 2 * grid.normal
    return _longest(np.vstack([_pixel_edges(centres, grid), centres + across, centres - across]))


def longest_line_in_slice(mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid) -> Line:
    """Return the longest line in the plane of a mask of one slice; see :func:`longest_line`."""
    return _longest(_pixel_edges(grid.points_mm(_row_ends(mask) + offset), grid))


def widest_chord(mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid, along: Line) -> Line:
    """Return the longest chord of a mask perpendicular to a line on the same slice.

    Both end points are on the outline of the mask. The chord of a crescent is its greatest thickness. The outline is
    the contour at 0.5 of the bilinearly interpolated mask, which passes through the centres of pixel edges, where the
    end points of :func:`longest_line_in_slice` are.

    Parameters
    ----------
    mask : numpy.ndarray
        (1, rows, columns) bool.
    offset, grid
        See :func:`longest_line`.
    along : Line
        Line to which the chord is perpendicular.
    """
    from scipy import ndimage

    length = (along.end_mm - along.start_mm) / along.length_mm
    width = np.cross(grid.normal, length)
    step_mm = min(grid.spacing_mm) / _FINE
    edges = _pixel_edges(grid.points_mm(_row_ends(mask) + offset), grid) - along.start_mm
    across_mm = edges @ width
    a_mm = np.arange(step_mm / 2, along.length_mm, step_mm)
    b_mm = np.arange(across_mm.min() + step_mm / 2, across_mm.max() + step_mm, step_mm)
    points = a_mm[:, None, None] * length + b_mm[None, :, None] * width
    # Solve for pixel coordinates, because rows and columns of a sheared grid are not perpendicular.
    axes = np.stack([grid.orientation[1] * grid.spacing_mm[0], grid.orientation[0] * grid.spacing_mm[1]], axis=1)
    origin = grid.points_mm(np.array(offset))
    pixels = (points + (along.start_mm - origin)) @ np.linalg.pinv(axes).T
    weights = mask[0].astype(np.float32)
    inside = ndimage.map_coordinates(weights, np.moveaxis(pixels, -1, 0), order=1, mode="grid-constant") >= 0.5
    first = inside.argmax(axis=1)
    last = inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    counts = np.where(inside.any(axis=1), last - first + 1, 0)
    best = int(np.argmax(counts))
    foot = along.start_mm + a_mm[best] * length
    start = foot + (b_mm[first[best]] - step_mm / 2) * width
    return Line(start, start + counts[best] * step_mm * width)


def _row_ends(mask: np.ndarray) -> np.ndarray:
    """Return (2 n, 3) indices of the first and last voxel of each of n rows."""
    slices, rows = np.nonzero(mask.any(axis=2))
    first = mask.argmax(axis=2)[slices, rows]
    last = mask.shape[2] - 1 - mask[..., ::-1].argmax(axis=2)[slices, rows]
    return np.stack([np.tile(slices, 2), np.tile(rows, 2), np.concatenate([first, last])], axis=1)


def _pixel_edges(centres_mm: np.ndarray, grid: SliceGrid) -> np.ndarray:
    """Return (4 n, 3) LPS mm of the centres of the four edges of n pixels."""
    down, right = grid.orientation[1] * grid.spacing_mm[0] / 2, grid.orientation[0] * grid.spacing_mm[1] / 2
    return np.vstack([centres_mm + right, centres_mm - right, centres_mm + down, centres_mm - down])


def _longest(points_mm: np.ndarray) -> Line:
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import cdist

    # The convex hull needs full rank: two dimensions for the points of one slice, else three.
    centred = points_mm - points_mm.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    corners = points_mm[ConvexHull(centred @ axes[sizes > 1e-6 * sizes[0]].T).vertices]
    distances = cdist(corners, corners)
    start, end = np.unravel_index(np.argmax(distances), distances.shape)
    return Line(corners[start], corners[end])
