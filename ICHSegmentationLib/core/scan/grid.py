# SPDX-License-Identifier: Apache-2.0
"""Where the source slices lie in the patient: the master grid of everything that is shown or measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan import slice_steps

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
_SAME_MM = 0.01


@dataclass(frozen=True, eq=False)
class SliceGrid:
    """Positions, directions and spacing of a stack of parallel slices.

    Attributes
    ----------
    shape : tuple of int
        (slices, rows, columns).
    positions_mm : numpy.ndarray
        (slices, 3) centre of the first pixel of each slice, LPS mm (ImagePositionPatient, PS3.3 C.7.6.2.1.1).
    orientation : numpy.ndarray
        (2, 3) unit vectors, LPS: [0] along increasing column index, [1] along increasing row index
        (ImageOrientationPatient, PS3.3 C.7.6.2.1.1). They need not be orthogonal where a file's affine is sheared.
    spacing_mm : tuple of float
        (between rows, between columns), as PixelSpacing (PS3.3 10.7.1.3).

    Raises
    ------
    ValueError
        If the arrays do not fit the shape, or a direction or spacing is zero or not finite.
    """

    shape: tuple[int, int, int]
    positions_mm: np.ndarray
    orientation: np.ndarray
    spacing_mm: tuple[float, float]

    def __post_init__(self) -> None:
        """Copy the arrays as read-only float64 with exact unit vectors, and check them."""
        positions = np.array(self.positions_mm, dtype=np.float64)
        orientation = np.array(self.orientation, dtype=np.float64)
        lengths = np.linalg.norm(orientation, axis=-1, keepdims=True)
        if positions.shape != (self.shape[0], 3) or orientation.shape != (2, 3) or len(self.spacing_mm) != 2:
            raise ValueError(message("core.grid_shape"))
        finite = np.isfinite(positions).all() and np.isfinite(orientation).all() and np.isfinite(self.spacing_mm).all()
        if not finite or (lengths == 0).any() or min(self.spacing_mm) <= 0:
            raise ValueError(message("core.grid_values"))
        orientation = orientation / lengths
        if np.linalg.norm(np.cross(*orientation)) < 1e-3:
            raise ValueError(message("core.grid_parallel"))
        positions.flags.writeable = False
        orientation.flags.writeable = False
        object.__setattr__(self, "shape", tuple(int(size) for size in self.shape))
        object.__setattr__(self, "positions_mm", positions)
        object.__setattr__(self, "orientation", orientation)
        object.__setattr__(self, "spacing_mm", (float(self.spacing_mm[0]), float(self.spacing_mm[1])))

    @classmethod
    def from_affine(cls, affine_ras: np.ndarray, shape: tuple[int, int, int]) -> SliceGrid:
        """Build a regular grid.

        Parameters
        ----------
        affine_ras : numpy.ndarray
            (4, 4) from (column, row, slice) index to RAS mm.
        shape : tuple of int
            (slices, rows, columns).
        """
        affine = np.asarray(affine_ras, dtype=np.float64)
        column, row, step, origin = (affine[:3, axis] * LPS_TO_RAS for axis in range(4))
        positions = origin + np.arange(shape[0])[:, None] * step
        spacing = (float(np.linalg.norm(row)), float(np.linalg.norm(column)))
        return cls(shape, positions, np.stack([column, row]), spacing)

    @cached_property
    def normal(self) -> np.ndarray:
        """(3,) unit vector across the slices: columns direction x rows direction."""
        cross = np.cross(self.orientation[0], self.orientation[1])
        return cross / np.linalg.norm(cross)

    @cached_property
    def steps_mm(self) -> np.ndarray:
        """(slices - 1,) distances between successive slice positions."""
        return np.linalg.norm(np.diff(self.positions_mm, axis=0), axis=1)

    @cached_property
    def slice_distances_mm(self) -> np.ndarray:
        """(slices - 1,) distances between successive slices along the normal."""
        return np.abs(np.diff(self.positions_mm, axis=0) @ self.normal)

    @cached_property
    def gaps(self) -> tuple[int, ...]:
        """Indices i where slices are missing between slice i and slice i + 1."""
        return slice_steps.find_gaps(self.slice_distances_mm)

    @cached_property
    def extents_mm(self) -> np.ndarray:
        """(slices,) length along the normal that each slice owns; see :func:`slice_steps.slice_extents`.

        Raises
        ------
        InputError
            If there is one slice only, or the slices are not in the order of their positions along the normal: their
            extents would not add up to the span of the stack.
        """
        if self.shape[0] < 2:
            raise InputError(message("core.single_slice"))
        steps = np.diff(self.positions_mm, axis=0) @ self.normal
        if not ((steps > 0).all() or (steps < 0).all()):
            number = int(np.argmin(steps * np.sign(steps.sum() or 1))) + 1
            raise InputError(message("core.slices_out_of_order", first=number, second=number + 1))
        extents = slice_steps.slice_extents(self.slice_distances_mm, self.gaps)
        self._check_sum(extents)
        return extents

    def _check_sum(self, extents_mm: np.ndarray) -> None:
        """Refuse extents that do not add up to the stack's span and its two end halves, less the declared gaps.

        Every volume rests on them, so this holds whatever rule made them.
        """
        distances, gaps = self.slice_distances_mm, list(self.gaps)
        ends = np.array([distances[0], distances[-1]]) / 2
        whole = abs(float((self.positions_mm[-1] - self.positions_mm[0]) @ self.normal)) + ends.sum()
        # What a gap may take: its own length, and the end half where it is the first or the last distance.
        declared = distances[gaps].sum() + ends[[0 in gaps, len(distances) - 1 in gaps]].sum()
        lost, rounding = whole - extents_mm.sum(), 1e-6 * whole
        if not -rounding <= lost <= declared + rounding:
            total = float(extents_mm.sum())
            raise InputError(message("core.extents_do_not_add_up", sum_mm=total, span_mm=float(whole)))

    @cached_property
    def pixel_area_mm2(self) -> float:
        """Area of one pixel, also where rows and columns are not at right angles."""
        return float(np.linalg.norm(np.cross(*self.orientation))) * self.spacing_mm[0] * self.spacing_mm[1]

    @cached_property
    def voxel_volumes_mm3(self) -> np.ndarray:
        """(slices,) volume that one voxel of each slice stands for."""
        return self.extents_mm * self.pixel_area_mm2

    @cached_property
    def tilt_deg(self) -> float:
        """Signed angle from the slice normal n to the stacking direction d, in degrees.

        n and d are taken to point the same way. The sign is that of the largest component of n x d in LPS, so a tilt
        of a supine head's axial slices is positive where d comes from n by a right-handed turn about the patient's
        left axis. Slice order, axis order and flips do not change it. Steps across gaps are left out: a stray slice far
        from the others may lie aside. GantryDetectorTilt (0018,1120) is not used: its sign differs between vendors.
        """
        across_gaps = np.diff(self.positions_mm, axis=0)[list(self.gaps)].sum(axis=0)
        stack = self.positions_mm[-1] - self.positions_mm[0] - across_gaps
        if np.linalg.norm(stack) == 0:
            return 0.0
        direction = stack / np.linalg.norm(stack)
        normal = self.normal if self.normal @ direction >= 0 else -self.normal
        cross = np.cross(normal, direction)
        angle = float(np.degrees(np.arctan2(np.linalg.norm(cross), normal @ direction)))
        return angle if cross[np.argmax(np.abs(cross))] >= 0 else -angle

    @cached_property
    def is_regular(self) -> bool:
        """Whether the slices lie on one straight line at equal steps (within 1 % or 0.01 mm)."""
        if self.shape[0] < 3:
            return True
        steps = np.diff(self.positions_mm, axis=0)
        mean = steps.mean(axis=0)
        return bool(np.linalg.norm(steps - mean, axis=1).max() <= max(_SAME_MM, 0.01 * float(np.linalg.norm(mean))))

    @cached_property
    def affine_ras(self) -> np.ndarray | None:
        """(4, 4) from (column, row, slice) index to RAS mm, or None where the slices are not on a regular grid."""
        return self.nearest_affine_ras if self.is_regular else None

    @cached_property
    def nearest_affine_ras(self) -> np.ndarray:
        """(4, 4) least-squares affine from (column, row, slice) index to RAS mm, for files that hold nothing else."""
        index = np.arange(self.shape[0], dtype=np.float64)
        step, origin = self.normal, self.positions_mm[0]
        if self.shape[0] > 1:
            design = np.stack([index, np.ones_like(index)], axis=1)
            step, origin = np.linalg.lstsq(design, self.positions_mm, rcond=None)[0]
        affine = np.eye(4)
        columns = (self.orientation[0] * self.spacing_mm[1], self.orientation[1] * self.spacing_mm[0], step, origin)
        affine[:3, :] = (np.stack(columns) * LPS_TO_RAS).T
        return affine

    def distinct_steps(self) -> list[float]:
        """Return the protocol's steps in mm, rounded to 0.01, in order of appearance (no gaps, no lone join step)."""
        return slice_steps.distinct(self.steps_mm, self.gaps)

    def distinct_slice_distances(self) -> list[float]:
        """Return the protocol's distances along the normal in mm, as :meth:`distinct_steps`."""
        return slice_steps.distinct(self.slice_distances_mm, self.gaps)

    def points_mm(self, indices: np.ndarray) -> np.ndarray:
        """Return LPS positions of (slice, row, column) indices; fractional slices lie between their neighbours.

        Parameters
        ----------
        indices : numpy.ndarray
            (..., 3) slice, row and column.

        Returns
        -------
        numpy.ndarray
            (..., 3) LPS mm.
        """
        indices = np.asarray(indices, dtype=np.float64)
        numbers = np.arange(self.shape[0])
        origin = np.stack([np.interp(indices[..., 0], numbers, axis) for axis in self.positions_mm.T], axis=-1)
        rows = indices[..., 1:2] * self.spacing_mm[0] * self.orientation[1]
        return origin + rows + indices[..., 2:3] * self.spacing_mm[1] * self.orientation[0]

    def turned(self, rotation: np.ndarray) -> SliceGrid:
        """Return the grid rotated about the origin by a (3, 3) matrix."""
        return SliceGrid(self.shape, self.positions_mm @ rotation.T, self.orientation @ rotation.T, self.spacing_mm)

    def matches(self, other: SliceGrid, *, tolerance_mm: float = _SAME_MM) -> bool:
        """Whether every voxel of two grids lies at the same place within a tolerance."""
        if self.shape != other.shape:
            return False
        last = np.array(self.shape) - 1
        corners = np.array([(s, r, c) for s in range(self.shape[0]) for r in (0, last[1]) for c in (0, last[2])])
        return bool(np.abs(self.points_mm(corners) - other.points_mm(corners)).max() <= tolerance_mm)
