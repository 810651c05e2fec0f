# SPDX-License-Identifier: Apache-2.0
"""Diameters in mm between the edges of voxels, on the true grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ICHSegmentationLib.core.grid import SliceGrid

_FINE = 4
"""Samples per pixel side along which a chord is looked for."""


class Line(NamedTuple):
    """A straight line between two points, each (3,) LPS mm."""

    start_mm: np.ndarray
    end_mm: np.ndarray

    @property
    def length_mm(self) -> float:
        """Distance between the ends."""
        return float(np.linalg.norm(self.end_mm - self.start_mm))


def longest_line(mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid) -> Line:
    """Return the longest line between two points of a region, in three dimensions.

    The ends lie on the middles of voxel faces: half a pixel beyond a centre in the slice, half of what the slice owns
    across it. A single voxel is thus as long as its longest side, and a body is neither a voxel too short nor, as
    between corners, too long.

    Parameters
    ----------
    mask : numpy.ndarray
        (slices, rows, columns) bool with at least one voxel, a part of the volume.
    offset : tuple of int
        Index of the part's first voxel in the volume.
    grid : SliceGrid
        Where the slices of the volume lie.
    """
    indices = _row_ends(mask)
    centres = grid.points_mm(indices + offset)
    across = grid.extents_mm[indices[:, 0] + offset[0], None] / 2 * grid.normal
    return _longest(np.vstack([_pixel_edges(centres, grid), centres + across, centres - across]))


def longest_line_in_slice(mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid) -> Line:
    """Return the longest line of a region on one slice; as :func:`longest_line` for a mask of one slice."""
    return _longest(_pixel_edges(grid.points_mm(_row_ends(mask) + offset), grid))


def widest_chord(mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid, along: Line) -> Line:
    """Return the longest line across a region at right angles to another, on the same slice.

    Both ends lie on the outline and on one line, as of a caliper: of a crescent that is its greatest thickness, not the
    depth of its bow. The outline is that of the mask with bilinear weights, cut at one half, which passes through the
    same middles of pixel edges as the ends of :func:`longest_line_in_slice`.

    Parameters
    ----------
    mask : numpy.ndarray
        (1, rows, columns) bool.
    offset, grid
        As for :func:`longest_line`.
    along : Line
        The other line.
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
    # Rows and columns need not be at right angles on a sheared grid, so the plane's own axes are solved for.
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
    """Return (2 n, 3) indices of the first and last voxel of each row: the rest lies between them."""
    slices, rows = np.nonzero(mask.any(axis=2))
    first = mask.argmax(axis=2)[slices, rows]
    last = mask.shape[2] - 1 - mask[..., ::-1].argmax(axis=2)[slices, rows]
    return np.stack([np.tile(slices, 2), np.tile(rows, 2), np.concatenate([first, last])], axis=1)


def _pixel_edges(centres_mm: np.ndarray, grid: SliceGrid) -> np.ndarray:
    """Return (4 n, 3) LPS mm of the middles of the four edges of pixels."""
    down, right = grid.orientation[1] * grid.spacing_mm[0] / 2, grid.orientation[0] * grid.spacing_mm[1] / 2
    return np.vstack([centres_mm + right, centres_mm - right, centres_mm + down, centres_mm - down])


def _longest(points_mm: np.ndarray) -> Line:
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import cdist

    # Points of one slice span two directions only, of a region of several slices three.
    centred = points_mm - points_mm.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    corners = points_mm[ConvexHull(centred @ axes[sizes > 1e-6 * sizes[0]].T).vertices]
    distances = cdist(corners, corners)
    start, end = np.unravel_index(np.argmax(distances), distances.shape)
    return Line(corners[start], corners[end])
