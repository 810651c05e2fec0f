# SPDX-License-Identifier: Apache-2.0
"""Slices sampled again so that the head is upright in them, and results taken back to the source slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.head_pose import HeadPose

_EVEN = 1e-3  # relative difference of steps
_RIGHT_ANGLE = 1e-3  # cosine
_SOFT_HU = (-200, 300)  # interpolated by cubic splines; their overshoot at bone and air would reach into the brain


@dataclass(frozen=True, eq=False)
class InPlaneTurn:
    """Turn of a head within its slices, undone by one interpolation in each direction.

    Attributes
    ----------
    source : SliceGrid
        Grid of the scan.
    orientation : CanonicalOrientation
        Of the scan.
    upright : SliceGrid
        Grid of canonical slices in which the head is upright. It holds the whole of the turned slices.
    matrix, offset : numpy.ndarray
        (2, 2) and (2,) from pixels of the upright slices to those of the canonical slices of the scan.
    """

    source: SliceGrid
    orientation: CanonicalOrientation
    upright: SliceGrid
    matrix: np.ndarray
    offset: np.ndarray

    @classmethod
    def of(cls, grid: SliceGrid, pose: HeadPose) -> InPlaneTurn | None:
        """Return the turn that sets a head upright, or None for a grid that cannot be sampled in plane.

        Rows and columns of its canonical slices must be evenly spaced and at right angles, which they are not in
        sagittal slices of different steps.

        Parameters
        ----------
        grid : SliceGrid
            Grid of the scan.
        pose : HeadPose
            Pose of the head.
        """
        orientation = CanonicalOrientation.of(grid)
        slices, rows, columns = orientation.coordinates_mm
        left, back, _ = pose.axes
        if not (_is_even(rows) and _is_even(columns)) or abs(_along_rows(grid, orientation) @ left) > _RIGHT_ANGLE:
            return None
        steps_mm = np.array([rows[1], columns[1]])
        half_mm = np.array([rows[-1], columns[-1]]) / 2
        pixel_mm = float(steps_mm.min())
        turn = np.deg2rad(pose.turn_deg)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        size = np.ceil(2 * np.abs(rotation) @ half_mm / pixel_mm).astype(int) + 1
        matrix = rotation * pixel_mm / steps_mm[:, None]
        offset = half_mm / steps_mm - matrix @ ((size - 1) / 2)
        first = np.zeros((len(slices), 3))
        first[:, 0] = np.arange(len(slices))
        corners = grid.points_mm(orientation.source_indices(first))
        middles = (corners + half_mm @ np.stack([back, left])) @ pose.upright_rotation.T
        positions = middles - (size - 1) / 2 * pixel_mm @ np.stack([back, left])
        upright = SliceGrid((len(slices), *size), positions, np.stack([left, back]), (pixel_mm, pixel_mm))
        return cls(grid, orientation, upright, matrix, offset)

    def hu_to_upright(self, hu: np.ndarray) -> np.ndarray:
        """Sample the HU of the scan on the upright slices; return int16.

        Linear interpolation would blur thin hemorrhages away, so soft tissue is interpolated by cubic splines. Beyond
        the source image its edge pixels are repeated, so that a head that is cut off there remains cut off.
        """
        canonical = self.orientation.apply(hu)
        soft = np.clip(canonical, *_SOFT_HU)
        sampled = self._sample_upright(soft, order=3) + self._sample_upright(canonical - soft, order=1)
        limits = np.iinfo(np.int16)
        return np.clip(np.rint(sampled), limits.min, limits.max).astype(np.int16)

    def mask_to_upright(self, mask: np.ndarray) -> np.ndarray:
        """Return the voxels of the upright slices that a mask of the scan covers by half."""
        return self._sample_upright(self.orientation.apply(mask), order=1) >= 0.5

    def to_source(self, array: np.ndarray) -> np.ndarray:
        """Sample an array of the upright slices on the scan; return float32, 0 beyond them."""
        inverse = np.linalg.inv(self.matrix)
        shape = tuple(len(along) for along in self.orientation.coordinates_mm[1:])
        sampled = _sample(array, inverse, -inverse @ self.offset, shape, order=1, mode="constant")
        return self.orientation.invert(sampled)

    def labels_to_source(self, labels: np.ndarray) -> np.ndarray:
        """Return labels of the upright slices on the scan.

        A voxel is labelled where blood of any label makes up more than half of it, with the label of the largest part.
        """
        labelled = self.to_source(labels > 0) > 0.5
        found = np.zeros(self.source.shape, dtype=labels.dtype)
        largest = np.zeros(self.source.shape, dtype=np.float32)
        for label in np.unique(labels[labels > 0]):
            part = self.to_source(labels == label)
            won = labelled & (part > largest)
            found[won], largest[won] = label, part[won]
        return found

    def _sample_upright(self, canonical: np.ndarray, *, order: int) -> np.ndarray:
        return _sample(canonical, self.matrix, self.offset, self.upright.shape[1:], order=order, mode="nearest")


def _sample(
    planes: np.ndarray, matrix: np.ndarray, offset: np.ndarray, shape: tuple[int, ...], *, order: int, mode: str
) -> np.ndarray:
    sampled = np.zeros((len(planes), *shape), dtype=np.float32)
    for plane, target in zip(planes, sampled, strict=True):
        if plane.any():
            ndimage.affine_transform(plane.astype(np.float32), matrix, offset, shape, target, order=order, mode=mode)
    return sampled


def _is_even(along_mm: np.ndarray) -> bool:
    steps = np.diff(along_mm)
    return len(steps) > 0 and float(np.ptp(steps)) <= _EVEN * float(steps.mean())


def _along_rows(grid: SliceGrid, orientation: CanonicalOrientation) -> np.ndarray:
    """Return the unit vector along the canonical rows."""
    last = len(orientation.coordinates_mm[1]) - 1
    ends = grid.points_mm(orientation.source_indices(np.array([[0, 0, 0], [0, last, 0]], dtype=float)))
    along: np.ndarray = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    return along
