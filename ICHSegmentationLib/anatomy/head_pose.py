# SPDX-License-Identifier: Apache-2.0
"""How the head lies in its slices, from the shape of the inside of the skull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.anatomy.distance_fields import HeadFrame
from ICHSegmentationLib.anatomy.inner_table import inner_table
from ICHSegmentationLib.core.storage.scan_cache import cached_per_scan
from ICHSegmentationLib.preprocessing.head import intracranial_mask
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.core.scan.volume import CTVolume

MAX_TILT_DEG = 30.0
"""Of the head against its slices; the plane of the slices of an upright head differs by up to 20 from the model's."""
MAX_TURN_DEG = 20.0
"""In the slices, from the nearest right angle; a head that is turned by more is set upright."""

_MAX_SLICES, _PIXEL_MM = 40, 3.2  # of the search
_POINTS = 140
_MIN_POINTS = 100
_MIN_SLICES = 4
_REACH_MM = 68.0  # from the widest slice; below are the foramen magnum and the canal
_WIDEST = 0.93  # of the largest area; such slices are the middle of the head
_TALL_MM = 60.0  # of brain; less does not tell whether the head is tilted or upside down

_CENTRE = np.array([0.0, -20.0, 10.0], dtype=np.float32)  # of the inside of the skull in brain coordinates
_RADIUS_MM = 77.0  # of a circle as large as the model's widest slice
# Rotation about x, a, s in rad; shift in mm; logarithm of the size along x, a, s; squareness of the skull.
_EXPECTED = np.array([0, 0, 0, 0, 0, 0, -0.03, -0.03, -0.03, 2.25])
_SPREAD = np.array([0.4, 0.25, 2.0, 40, 40, 40, 0.15, 0.15, 0.15, 0.15])
_PRIOR = 0.05 / _SPREAD**2  # as much as a twentieth of the points
_NUDGES = 1e-3 * _SPREAD
_OUTLIER_MM, _FARTHEST_MM = 4.0, 25.0

_TRIED_TURNS_DEG = np.arange(-180.0, 180.0, 15.0)
_TRIED_PITCHES_RAD = (-0.1, 0.25)
_FIRST_CANDIDATES, _FIRST_STEPS, _FIRST_APART_DEG = 5, 5, 40.0
_LAST_CANDIDATES, _LAST_STEPS, _LAST_APART_DEG = 3, 12, 20.0
_NEARLY_UPRIGHT_DEG, _NEARLY_UPRIGHT_TILT_DEG = 60.0, 45.0
# Costs are multiplied by these, since most heads lie as their file says.
_TURNED_FACTOR, _UPSIDE_DOWN_FACTOR = 1.12, 1.15
_TILT_FACTOR, _FREE_TILT_DEG = 0.01, 20.0  # added for each degree above
_RIVAL_APART_DEG, _RIVAL_FACTOR = 40.0, 1.04
_LAS = np.array([1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class HeadPose:
    """Pose of a head in its slices.

    Attributes
    ----------
    axes : numpy.ndarray
        (3, 3) unit vectors in LPS as rows: along the canonical columns (to the left) and rows (to the back), and across
        the slices (up).
    rotation : numpy.ndarray
        (3, 3) from coordinates along these axes to those of the head (to its left, its back and its vertex).
    found : bool
        False if several poses fit the skull about equally well; the rotation is the best of them.
    """

    axes: np.ndarray
    rotation: np.ndarray
    found: bool = True

    @property
    def turn_deg(self) -> float:
        """Turn about the axis across the slices, -180 to 180; rotating the head by it sets its nose to the front."""
        (xx, xy, _), (yx, yy, _), _ = self.rotation
        return float(np.degrees(np.arctan2(yx - xy, xx + yy)))

    @property
    def upright_rotation(self) -> np.ndarray:
        """(3, 3) rotation of LPS about the axis across the slices that undoes the turn."""
        return self.rotation_by(self.turn_deg)

    def rotation_by(self, turn_deg: float) -> np.ndarray:
        """Return the (3, 3) rotation of LPS by an angle about the axis across the slices."""
        turn = Rotation.from_euler("z", turn_deg, degrees=True).as_matrix()
        rotation: np.ndarray = self.axes.T @ turn @ self.axes
        return rotation

    @property
    def tilt_deg(self) -> float:
        """Angle between the head's long axis and the axis across the slices, 0 to 180."""
        return float(np.degrees(np.arccos(np.clip(self.rotation[2, 2], -1, 1))))


@cached_per_scan
def find_pose(volume: CTVolume) -> HeadPose:
    """Find how a head lies in its slices.

    The model of the inside of the skull (:mod:`ICHSegmentationLib.anatomy.inner_table`) is fitted from turns all around
    and upside down. Foreheads are narrow, the base has its fossae: the true pose fits best. A head is taken to lie as
    its file says where that pose fits nearly as well as the best, and where too little of a skull is seen.

    Parameters
    ----------
    volume : CTVolume
        Any orientation and spacing.
    """
    orientation = CanonicalOrientation.of(volume.grid)
    axes = _slice_axes(volume.grid, orientation)
    seen = _surface(volume, orientation, axes)
    if seen is None:
        return HeadPose(axes, np.eye(3))
    points, radius_mm, tall = seen
    rotations, costs = _fits(points, float(np.log(radius_mm / _RADIUS_MM)), tall=tall)
    poses = [HeadPose(axes, _LAS[:, None] * rotation * _LAS) for rotation in rotations]
    weighted = costs * [_factor(pose) * _tilt_factor(pose) for pose in poses]
    best = int(weighted.argmin())
    rivals = [
        cost
        for pose, cost in zip(poses, weighted, strict=True)
        if _apart_deg(pose.rotation, poses[best].rotation) > _RIVAL_APART_DEG
    ]
    found = _factor(poses[best]) == 1 or min(rivals, default=np.inf) >= _RIVAL_FACTOR * weighted[best]
    return HeadPose(axes, poses[best].rotation, found)


def _factor(pose: HeadPose) -> float:
    if pose.tilt_deg > 90:
        return _UPSIDE_DOWN_FACTOR
    upright = pose.tilt_deg <= _NEARLY_UPRIGHT_TILT_DEG and abs(pose.turn_deg) <= _NEARLY_UPRIGHT_DEG
    return 1.0 if upright else _TURNED_FACTOR


def _tilt_factor(pose: HeadPose) -> float:
    tilt_deg = min(pose.tilt_deg, 180 - pose.tilt_deg)
    return 1 + _TILT_FACTOR * max(tilt_deg - _FREE_TILT_DEG, 0)


def _slice_axes(grid: SliceGrid, orientation: CanonicalOrientation) -> np.ndarray:
    stack = grid.positions_mm[-1] - grid.positions_mm[0]
    directions = np.array([stack, grid.orientation[1], grid.orientation[0]])[list(orientation.axes)]
    _, back, left = directions * np.where(orientation.flips, -1, 1)[:, None]
    up = np.cross(left, back)
    up, left = up / np.linalg.norm(up), left / np.linalg.norm(left)
    return np.stack([left, np.cross(up, left), up])


def _surface(
    volume: CTVolume, orientation: CanonicalOrientation, axes: np.ndarray
) -> tuple[np.ndarray, float, bool] | None:
    """Return points on the inside of the skull, LAS mm from its middle, its radius, and whether the brain is tall."""
    steps = [float(np.median(np.diff(axis))) if len(axis) > 1 else 1.0 for axis in orientation.coordinates_mm]
    stride = [-(-volume.grid.shape[orientation.axes[0]] // _MAX_SLICES)]
    stride += [max(1, round(_PIXEL_MM / step)) for step in steps[1:]]
    hu = orientation.apply(volume.hu)[:: stride[0], :: stride[1], :: stride[2]]
    if len(hu) < _MIN_SLICES:
        return None
    inside = intracranial_mask(hu, (steps[1] * stride[1], steps[2] * stride[2]))
    surface = inside & ~ndimage.binary_erosion(inside, structure=np.ones((1, 3, 3)), border_value=1)
    surface[:, [0, -1]] = surface[:, :, [0, -1]] = False
    found = np.argwhere(surface)
    if len(found) < _MIN_POINTS:
        return None
    area = inside.sum(axis=(1, 2))
    wide = np.flatnonzero(area >= _WIDEST * area.max())
    middle = np.argwhere(inside[wide[len(wide) // 2]]).mean(axis=0)
    indices = orientation.source_indices(np.vstack([[wide.mean(), *middle], found]) * stride)
    centre, *points = (volume.grid.points_mm(indices) @ axes.T) * _LAS
    points = points - centre
    points = points[np.abs(points[:, 2]) <= _REACH_MM]
    points = points[np.linspace(0, len(points) - 1, _POINTS).round().astype(int)]
    radius_mm = float(np.sqrt(area.max() * steps[1] * stride[1] * steps[2] * stride[2] / np.pi))
    return points.astype(np.float32), radius_mm, bool(np.ptp(points[:, 2]) >= _TALL_MM)


def _fits(points: np.ndarray, size: float, *, tall: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the rotations that fit best, each far from the others, and their costs."""
    few = points[::2]
    starts, parameters = _starts(size, tall=tall)
    costs = _costs(_distances(_turned(few, starts), parameters))
    chosen = _far_apart(starts, costs, _FIRST_CANDIDATES, _FIRST_APART_DEG)
    starts, parameters = starts[chosen], parameters[chosen]
    parameters, costs = _descend(_turned(few, starts), parameters, _FIRST_STEPS)
    chosen = _far_apart(_rotations(starts, parameters), costs, _LAST_CANDIDATES, _LAST_APART_DEG)
    starts, parameters = starts[chosen], parameters[chosen]
    parameters, costs = _descend(_turned(points, starts), parameters, _LAST_STEPS)
    return _rotations(starts, parameters), costs


def _starts(size: float, *, tall: bool) -> tuple[np.ndarray, np.ndarray]:
    turns = Rotation.from_euler("z", _TRIED_TURNS_DEG[:, None], degrees=True)
    tried = [turns.as_matrix()]
    if tall:
        tried.append((turns * Rotation.from_euler("x", np.pi)).as_matrix())
    starts = np.repeat(np.concatenate(tried), len(_TRIED_PITCHES_RAD), axis=0)
    parameters = np.tile(_EXPECTED, (len(starts), 1))
    parameters[:, 0] = np.tile(_TRIED_PITCHES_RAD, len(starts) // len(_TRIED_PITCHES_RAD))
    parameters[:, 6:8] = size
    return starts, parameters


def _far_apart(rotations: np.ndarray, costs: np.ndarray, count: int, apart_deg: float) -> list[int]:
    """Choose candidates by their costs; the best that is about upright is always among them."""
    order = costs.argsort().tolist()
    upright = [index for index in order if rotations[index][2, 2] > 0.7 and rotations[index][0, 0] > 0.5]
    chosen: list[int] = []
    for index in [*upright[:1], *order]:
        if len(chosen) < count and all(_apart_deg(rotations[index], rotations[one]) > apart_deg for one in chosen):
            chosen.append(index)
    return chosen


def _turned(points: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    return points @ rotations.transpose(0, 2, 1).astype(np.float32)


def _rotations(starts: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    rotations: np.ndarray = Rotation.from_euler("XYZ", parameters[:, :3]).as_matrix() @ starts
    return rotations


def _apart_deg(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(one @ other.T) - 1) / 2, -1, 1))))


def _distances(points: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Return (sets, points) signed distances to the model of (sets, points, 3) points, mm of the standard head."""
    linear = Rotation.from_euler("XYZ", sets[:, :3]).as_matrix() / np.exp(sets[:, 6:9])[:, :, None]
    placed = _turned(points, linear) + (_CENTRE + sets[:, 3:6].astype(np.float32))[:, None]
    frame = HeadFrame(placed[..., 0], placed[..., 1], placed[..., 2], (1.0, 1.0, 1.0))
    squareness = sets[:, -1, None].astype(np.float32)
    distances = inner_table(frame, squareness)  # type: ignore[arg-type]  # an array of one per set does as well
    return np.clip(distances, -_FARTHEST_MM, _FARTHEST_MM).astype(np.float64)


def _costs(distances: np.ndarray) -> np.ndarray:
    costs: np.ndarray = _OUTLIER_MM**2 * np.log1p((distances / _OUTLIER_MM) ** 2).mean(axis=-1)
    return costs


def _descend(points: np.ndarray, parameters: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit candidates side by side by damped Gauss-Newton steps (Cauchy weights); return parameters and costs."""
    count, size = parameters.shape
    parameters, proposals = parameters.copy(), parameters.copy()
    costs, damping = np.full(count, np.inf), np.full(count, 1e-2)
    normals, gradients = np.zeros((count, size, size)), np.zeros((count, size))
    nudges = np.vstack([np.zeros(size), np.diag(_NUDGES)])
    repeated = np.repeat(points, size + 1, axis=0)
    for _ in range(steps):
        sets = (proposals[:, None] + nudges).reshape(-1, size)
        distances = _distances(repeated, sets).reshape(count, size + 1, -1)
        off = proposals - _EXPECTED
        proposed = _costs(distances[:, 0]) + off**2 @ _PRIOR
        better = proposed < costs
        parameters[better], costs[better] = proposals[better], proposed[better]
        damping = np.where(better, damping / 5, damping * 10)
        slopes = (distances[:, 1:] - distances[:, :1]) / _NUDGES[:, None]
        weights = 1 / (1 + (distances[:, :1] / _OUTLIER_MM) ** 2) / points.shape[1]
        normals[better] = ((slopes * weights) @ slopes.transpose(0, 2, 1) + np.diag(_PRIOR))[better]
        gradients[better] = ((slopes * weights) @ distances[:, 0, :, None])[better, :, 0] + (_PRIOR * off)[better]
        damped = normals + damping[:, None, None] * normals * np.eye(size)
        proposals = parameters - np.linalg.solve(damped, gradients[..., None])[..., 0]
    return parameters, costs
