# SPDX-License-Identifier: Apache-2.0
"""Canonical axes: slices towards superior, rows towards posterior, columns towards left."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid

_CANONICAL_LPS_AXES = (2, 1, 0)  # slices +S, rows +P, columns +L


@dataclass(frozen=True)
class CanonicalOrientation:
    """Axis permutation and flips from the source slices to the canonical axes, without interpolation.

    Attributes
    ----------
    axes : tuple of int
        Source axis of each canonical axis.
    flips : tuple of bool
        Whether each canonical axis is opposite to its source axis.
    coordinates_mm : tuple of numpy.ndarray
        Ascending sample positions along each canonical axis, mm, starting at 0. Those of unevenly spaced slices are
        uneven.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    coordinates_mm: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def of(cls, grid: SliceGrid) -> CanonicalOrientation:
        """Return the orientation whose axes are nearest to those of the patient; the stack may be oblique."""
        directions = np.array([_stacking_direction(grid), grid.orientation[1], grid.orientation[0]])
        source_of_lps = max(permutations(range(3)), key=lambda order: np.abs(directions[list(order), range(3)]).sum())
        axes = [source_of_lps[axis] for axis in _CANONICAL_LPS_AXES]
        flips = [bool(directions[axis, lps_axis] < 0) for axis, lps_axis in zip(axes, _CANONICAL_LPS_AXES, strict=True)]
        along = (
            np.concatenate([[0.0], np.cumsum(grid.slice_distances_mm)]),
            np.arange(grid.shape[1]) * grid.spacing_mm[0],
            np.arange(grid.shape[2]) * grid.spacing_mm[1],
        )
        coordinates = [
            along[axis][-1] - along[axis][::-1] if flip else along[axis] for axis, flip in zip(axes, flips, strict=True)
        ]
        return cls(
            axes=(axes[0], axes[1], axes[2]),
            flips=(flips[0], flips[1], flips[2]),
            coordinates_mm=(coordinates[0], coordinates[1], coordinates[2]),
        )

    @property
    def _steps(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)

    def apply(self, array: np.ndarray) -> np.ndarray:
        """Return a view of a source array (slices, rows, columns) on the canonical axes."""
        return array.transpose(self.axes)[self._steps]

    def region(self, region: tuple[slice, slice, slice], shape: tuple[int, int, int]) -> tuple[slice, ...]:
        """Convert a region (slices, rows, columns) of a source array of a given shape to the canonical axes."""
        return tuple(
            slice(shape[axis] - region[axis].stop, shape[axis] - region[axis].start) if flip else region[axis]
            for axis, flip in zip(self.axes, self.flips, strict=True)
        )

    def source_edges(self, axis: int, ends_mm: tuple[float, float], shape: tuple[int, int, int]) -> tuple[float, float]:
        """Convert two ascending positions along a canonical in-plane axis to pixel edges of the source axis.

        Pixel i extends from edge i to edge i + 1, as in array slices.
        """
        along = self.coordinates_mm[axis]
        first, last = (float(end / (along[1] - along[0]) + 0.5) for end in ends_mm)
        size = shape[self.axes[axis]]
        return (size - last, size - first) if self.flips[axis] else (first, last)

    def source_indices(self, indices: np.ndarray) -> np.ndarray:
        """Convert (..., 3) indices on the canonical axes to indices on the source axes."""
        found = np.empty_like(indices)
        for canonical, (axis, flip) in enumerate(zip(self.axes, self.flips, strict=True)):
            last = len(self.coordinates_mm[canonical]) - 1
            found[..., axis] = last - indices[..., canonical] if flip else indices[..., canonical]
        return found

    def invert(self, array: np.ndarray) -> np.ndarray:
        """Return a view of a canonical array on the source axes (slices, rows, columns)."""
        return array[self._steps].transpose(np.argsort(self.axes))


def _stacking_direction(grid: SliceGrid) -> np.ndarray:
    along = grid.positions_mm[-1] - grid.positions_mm[0]
    return along / np.linalg.norm(along)
