# SPDX-License-Identifier: Apache-2.0
"""Box around what is bright at a point, for a hemorrhage that a model missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.lesion_boxes import LesionBox, box_around
from ICHSegmentationLib.core.messages import message

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.volume import CTVolume

_REACH_MM = 30.0  # from the point to the farthest voxel that is considered
_SEED_MM = 3.0  # in the plane from the point to the brightest voxel
_SMOOTHING_MM = 0.8
_BRAIN_HU = (5.0, 60.0)
_BONE_HU = 100.0
_BONE_RIM_MM = 1.5  # voxels beside bone are as dense as blood
_MIN_CONTRAST_HU = 6.0
_MARGIN_MM = 3.0


def box_around_bright(
    volume: CTVolume, voxel: tuple[int, int, int], subtype: str, taken: LabelMap | None = None
) -> LesionBox | None:
    """Return a box around the bright region at a voxel.

    The region grows from the brightest voxel within 3 mm over connected voxels that are nearer to its density than to
    that of the brain around, at most 30 mm away. Bone, a rim of 1.5 mm beside it and labelled voxels are left out.

    Parameters
    ----------
    volume : CTVolume
        The scan.
    voxel : tuple of int
        Slice, row and column.
    subtype : str
        Subtype of the box, see `LesionBox`.
    taken : LabelMap, optional
        Labels of lesions that are known already.

    Returns
    -------
    LesionBox or None
        None if nothing there is at least 6 HU brighter than the brain.

    Raises
    ------
    InputError
        If the voxel is outside the scan or labelled already.
    """
    grid = volume.grid
    index = np.array(voxel)
    if (index < 0).any() or (index >= grid.shape).any():
        raise InputError(message("segmentation.point_outside"))
    if taken is not None and taken.labels[tuple(index)]:
        raise InputError(message("segmentation.point_labelled"))
    window = _window(volume, index)
    start = np.array([part.start for part in window])
    hu = volume.hu[window].astype(np.float32)
    pixels = np.array(grid.spacing_mm)
    allowed = ~_grown(hu > _BONE_HU, _BONE_RIM_MM / pixels)
    if taken is not None:
        allowed &= taken.labels[window] == 0
    smooth = ndimage.gaussian_filter(np.minimum(hu, _BONE_HU), (0, *(_SMOOTHING_MM / pixels)))
    seed = _brightest(smooth, allowed, index - start, pixels)
    brain = hu[(hu > _BRAIN_HU[0]) & (hu < _BRAIN_HU[1])]
    if seed is None or not brain.size:
        return None
    level = float(np.median(brain))
    contrast = float(smooth[seed]) - level
    if contrast < _MIN_CONTRAST_HU:
        return None
    regions, _ = ndimage.label((smooth >= level + contrast / 2) & allowed)
    region = regions == regions[seed]
    extent = ndimage.find_objects(region.astype(np.uint8))[0]
    offset = start + [part.start for part in extent]
    return box_around(region[extent], offset.tolist(), grid, subtype).enlarged(grid, _MARGIN_MM).clipped(grid)


def _window(volume: CTVolume, index: np.ndarray) -> tuple[slice, slice, slice]:
    """Return the part of a scan within reach of a voxel."""
    grid = volume.grid
    heights = grid.positions_mm @ grid.normal
    near = np.flatnonzero(np.abs(heights - heights[index[0]]) <= _REACH_MM)
    reach = np.ceil(_REACH_MM / np.array(grid.spacing_mm)).astype(int)
    low, high = np.maximum(index[1:] - reach, 0), np.minimum(index[1:] + reach + 1, grid.shape[1:])
    return slice(int(near[0]), int(near[-1]) + 1), slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def _grown(mask: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return a mask grown in the plane by a number of pixels along rows and columns."""
    rows, columns = np.ceil(pixels).astype(int)
    return np.asarray(ndimage.maximum_filter(mask, size=(1, 2 * rows + 1, 2 * columns + 1)))


def _brightest(
    smooth: np.ndarray, allowed: np.ndarray, index: np.ndarray, pixels: np.ndarray
) -> tuple[int, int, int] | None:
    """Return the index of the brightest allowed voxel beside a voxel in its slice; None if none is allowed."""
    number = int(index[0])
    rows, columns = np.ogrid[: smooth.shape[1], : smooth.shape[2]]
    near = ((rows - index[1]) * pixels[0]) ** 2 + ((columns - index[2]) * pixels[1]) ** 2 <= _SEED_MM**2
    found = np.where(near & allowed[number], smooth[number], -np.inf)
    row, column = np.unravel_index(int(np.argmax(found)), found.shape)
    return (number, int(row), int(column)) if np.isfinite(found[row, column]) else None
