# SPDX-License-Identifier: Apache-2.0
"""Outlines of masks along the edges of their pixels, as polygons without holes."""

from __future__ import annotations

import numpy as np


def pixel_polygons(mask: np.ndarray) -> list[np.ndarray]:
    """Return polygons that cover exactly the pixels of a mask, each pixel once.

    A region with a hole is cut into pieces without one: a planar contour of DICOM has no inside out.

    Parameters
    ----------
    mask : numpy.ndarray
        (rows, columns) bool.

    Returns
    -------
    list of numpy.ndarray
        (corners, 2) fractional row and column of each polygon; pixel centers have whole numbers.
    """
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    polygons = []
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        corner = np.array([part.start for part in box])
        polygons += [_outline(piece) + corner for piece in _without_holes(labels[box] == index)]
    return polygons


def _without_holes(mask: np.ndarray) -> list[np.ndarray]:
    """Return a connected mask cut along rows into connected pieces without holes."""
    from scipy import ndimage

    holes = ndimage.binary_fill_holes(mask) & ~mask
    if not holes.any():
        return [mask]
    # Through the hole: its rows above and below the cut are open to the outside of their piece.
    row = int(np.flatnonzero(holes.any(axis=1))[0]) + 1
    pieces = []
    for rows in (slice(None, row), slice(row, None)):
        part = np.zeros_like(mask)
        part[rows] = mask[rows]
        labels, count = ndimage.label(part)
        for index in range(1, count + 1):
            pieces += _without_holes(labels == index)
    return pieces


def _outline(piece: np.ndarray) -> np.ndarray:
    """Return the corners of the outline of a connected mask without holes, in order."""
    padded = np.pad(piece.astype(np.int8), 1)
    following: dict[tuple[int, int], tuple[int, int]] = {}
    # Vertex (0, 0) is the upper left corner of the first pixel; the mask lies to the right of each step.
    across = np.diff(padded, axis=0)[:, 1:-1]
    for row, column in np.argwhere(across == 1).tolist():
        following[row, column] = (row, column + 1)
    for row, column in np.argwhere(across == -1).tolist():
        following[row, column + 1] = (row, column)
    along = np.diff(padded, axis=1)[1:-1]
    for row, column in np.argwhere(along == 1).tolist():
        following[row + 1, column] = (row, column)
    for row, column in np.argwhere(along == -1).tolist():
        following[row, column] = (row + 1, column)
    start = next(iter(following))
    path = [start]
    while (vertex := following[path[-1]]) != start:
        path.append(vertex)
    points = np.array(path)
    steps = np.roll(points, -1, axis=0) - points
    is_corner = (steps != np.roll(steps, 1, axis=0)).any(axis=1)
    corners: np.ndarray = points[is_corner] - 0.5
    return corners
