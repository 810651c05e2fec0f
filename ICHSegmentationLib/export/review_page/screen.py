# SPDX-License-Identifier: Apache-2.0
"""The part of a scan that the review page holds: cropped to the head, in the orientation of the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.io.labels.nifti import voxel_strides
from ICHSegmentationLib.rendering.orientation import DisplayOrientation
from ICHSegmentationLib.rendering.panels import head_box

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.scan.source import CTSource
    from ICHSegmentationLib.core.scan.volume import CTVolume

Vector = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class ScreenScan:
    """Slices as the page shows them, and where each pixel lies in the patient and in a file of labels.

    Attributes
    ----------
    hu : numpy.ndarray
        (slices, height, width) HU.
    labels : numpy.ndarray
        (slices, height, width) labels.
    orientation : DisplayOrientation
        Sides of the patient at the edges of the screen.
    origins_mm : list of tuple
        LPS mm of the first pixel of each slice.
    right_mm, down_mm : tuple of float
        Steps to the next pixel of a line and to the next line, LPS mm.
    file_first : int
        Voxel of the labels file, in its own order, of the first pixel of the first slice.
    file_steps : tuple of int
        Steps in that file to the next slice, line and pixel.
    """

    hu: np.ndarray
    labels: np.ndarray
    orientation: DisplayOrientation
    origins_mm: list[Vector]
    right_mm: Vector
    down_mm: Vector
    file_first: int
    file_steps: tuple[int, int, int]

    @classmethod
    def of(cls, volume: CTVolume, label_map: LabelMap, source: CTSource) -> ScreenScan:
        """Crop and turn the slices of a scan; every labelled voxel is kept."""
        grid = label_map.grid
        orientation = DisplayOrientation.of(grid)
        lines, pixels = _joined(
            head_box(volume.hu, orientation), orientation.apply(np.any(label_map.labels, axis=0)[None])[0]
        )
        slices, rows, columns = grid.shape
        numbers = np.arange(rows * columns).reshape(rows, columns)
        corner = orientation.apply(numbers)[lines.start : lines.start + 2, pixels.start : pixels.start + 2]
        first, right, down = (
            np.array(divmod(int(corner[line, pixel]), columns)) for line, pixel in ((0, 0), (0, 1), (1, 0))
        )
        strides = np.array(voxel_strides(grid, source))
        points = grid.points_mm(np.array([(number, *first) for number in range(slices)]))
        per_row, per_column = (grid.orientation[axis] * grid.spacing_mm[1 - axis] for axis in (1, 0))
        crop = (slice(None), lines, pixels)
        return cls(
            hu=orientation.apply(volume.hu)[crop],
            labels=orientation.apply(label_map.labels)[crop],
            orientation=orientation,
            origins_mm=[_vector(point) for point in points],
            right_mm=_vector((right - first) @ np.stack([per_row, per_column])),
            down_mm=_vector((down - first) @ np.stack([per_row, per_column])),
            file_first=int(first @ strides[1:]),
            file_steps=(
                int(strides[0]),
                int((down - first) @ strides[1:]),
                int((right - first) @ strides[1:]),
            ),
        )


def _joined(box: tuple[slice, slice], labelled: np.ndarray) -> tuple[slice, slice]:
    """Return the box that also holds every labelled pixel, at least two pixels long."""
    lines, pixels = (
        _reaching(part, np.flatnonzero(labelled.any(axis=other)), length)
        for part, other, length in zip(box, (1, 0), labelled.shape, strict=True)
    )
    return lines, pixels


def _reaching(part: slice, found: np.ndarray, length: int) -> slice:
    start, stop = part.start, part.stop
    if len(found):
        start, stop = min(start, int(found[0])), max(stop, int(found[-1]) + 1)
    start = min(start, length - 2)
    return slice(start, max(stop, start + 2))


def _vector(values: np.ndarray) -> Vector:
    x, y, z = np.round(values, 6).tolist()
    return x, y, z
