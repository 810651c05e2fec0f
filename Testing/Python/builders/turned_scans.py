# SPDX-License-Identifier: Apache-2.0
"""A scan whose head lies turned, tilted or upside down while its headers say that it is supine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.registration.sampling import values_at


def turned_in_plane(volume: CTVolume, turn_deg: int) -> CTVolume:
    """Turn the pixels of each slice about the middle; multiples of 90 degrees interpolate nothing."""
    if turn_deg % 90 == 0:
        hu = np.rot90(volume.hu, turn_deg // 90, axes=(1, 2))
    else:
        # Cubic, since a linear interpolation would blur the slices, which no turned head is.
        hu = ndimage.rotate(volume.hu.astype(np.float32), turn_deg, axes=(1, 2), order=3, cval=-1024).clip(-1024, 3071)
    return with_hu(volume, hu)


def tilted(volume: CTVolume, axis: str, tilt_deg: float) -> CTVolume:
    """Rotate the head about an axis of the patient, ``x`` or ``y``, on the same slices."""
    grid = volume.grid
    centre = grid.points_mm((np.array(grid.shape) - 1) / 2)
    rotation = Rotation.from_euler(axis, tilt_deg, degrees=True).as_matrix()
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    points = (grid.points_mm(indices) - centre) @ rotation + centre
    return with_hu(volume, values_at(volume.hu, grid, points, outside=-1024))


def upside_down(volume: CTVolume) -> CTVolume:
    """Turn the head by 180 degrees about the axis from front to back."""
    return with_hu(volume, np.flip(volume.hu, axis=(0, 2)))


def with_mirrored_pixels(volume: CTVolume) -> CTVolume:
    """Store the columns in the opposite order, with headers that say so: the same head."""
    grid = volume.grid
    last = grid.points_mm(np.array([[number, 0, grid.shape[2] - 1] for number in range(grid.shape[0])]))
    directions = grid.orientation * np.array([[-1.0], [1.0]])
    mirrored = SliceGrid(grid.shape, last, directions, grid.spacing_mm)
    return replace(volume, hu=np.ascontiguousarray(volume.hu[:, :, ::-1]), grid=mirrored)


def with_hu(volume: CTVolume, hu: np.ndarray) -> CTVolume:
    """Return a volume of other HU from the same first pixels on."""
    grid = volume.grid
    hu = np.ascontiguousarray(np.rint(hu)).astype(np.int16)
    return replace(volume, hu=hu, grid=SliceGrid(hu.shape, grid.positions_mm, grid.orientation, grid.spacing_mm))
