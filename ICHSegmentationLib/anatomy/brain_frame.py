# SPDX-License-Identifier: Apache-2.0
"""Brain coordinates of a scan, fitted to the inside of its skull."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.anatomy.distance_fields import HeadFrame
from ICHSegmentationLib.anatomy.inner_table import inner_table
from ICHSegmentationLib.core.messages import message

_LPS_TO_LAS = np.array([1.0, -1.0, 1.0])
_CENTRE = np.array([0.0, -20.0, 10.0])  # of the inside of the skull, brain coordinates
_MAX_STEPS = 30
_OUTLIER_MM = 4.0  # scale of the Cauchy loss
_MAX_DISTANCE_MM = 25.0  # at which distances to the model are clipped
_DERIVATIVE_STEP = 1e-3  # of finite differences, in units of the prior's spread
# Rotation about x, a, s in rad; shift in mm; logarithm of the size along x, a, s; squareness of the skull.
_EXPECTED = np.array([0, 0, 0, 0, 0, 0, -0.03, -0.03, -0.03, 2.25])
_SPREAD = np.array([0.4, 0.25, 2.0, 40, 40, 40, 0.06, 0.06, 0.06, 0.15])
_PRIOR_WEIGHT = 30.0  # of the prior, in numbers of points; there are about 600


@dataclass(frozen=True, eq=False)
class BrainFrame:
    """Affine map from LPS mm to brain coordinates.

    Brain coordinates are mm in a head of standard size: x is left of the midsagittal plane, a anterior to the anterior
    commissure, s superior to the plane through both commissures (Talairach J, Tournoux P, Co-planar stereotaxic
    atlas of the human brain, Thieme 1988).

    Attributes
    ----------
    matrix : numpy.ndarray
        (3, 3) from LPS mm to (x, a, s).
    offset : numpy.ndarray
        (3,) added after the matrix product, mm.
    misfit_mm : float
        Median distance between the inner tables of the scan and of the model.
    """

    matrix: np.ndarray
    offset: np.ndarray
    misfit_mm: float

    def coordinates(self, points_lps: np.ndarray) -> np.ndarray:
        """Convert (..., 3) LPS mm to brain coordinates x, a, s."""
        return points_lps @ self.matrix.T + self.offset

    def points_lps(self, coordinates: np.ndarray) -> np.ndarray:
        """Convert (..., 3) brain coordinates to LPS mm."""
        return (coordinates - self.offset) @ np.linalg.inv(self.matrix).T

    def to_numbers(self) -> tuple[float, ...]:
        """Return the matrix row by row, the offset and the misfit: 13 numbers."""
        return (*self.matrix.ravel().tolist(), *self.offset.tolist(), self.misfit_mm)

    @classmethod
    def from_numbers(cls, numbers: Sequence[float]) -> Self:
        """Return the frame of `to_numbers`.

        Raises
        ------
        ValueError
            If there are not 13 finite numbers.
        """
        values = np.asarray(numbers, dtype=np.float64)
        if values.shape != (13,) or not np.isfinite(values).all():
            raise ValueError(message("anatomy.frame_numbers", count=values.size))
        return cls(values[:9].reshape(3, 3), values[9:12], float(values[12]))

    @property
    def left_lps(self) -> np.ndarray:
        """(3,) unit normal of the midsagittal plane, towards the left of the patient, LPS."""
        return self.matrix[0] / np.linalg.norm(self.matrix[0])

    @property
    def scale_x(self) -> float:
        """Change of x per mm along the normal of the midsagittal plane."""
        return float(np.linalg.norm(self.matrix[0]))


def fit_brain_frame(surface_lps: np.ndarray) -> BrainFrame:
    """Fit the model of the inner table to points on the inside of the skull.

    The model is a signed distance (:mod:`ICHSegmentationLib.anatomy.inner_table`). Its rotation, shift, size along
    three axes and squareness are found by least squares with a Cauchy loss and a prior. Only the distances of the given
    points enter, so that the scan need not reach the vertex or the base.

    Parameters
    ----------
    surface_lps : numpy.ndarray
        (points, 3) points on the inner table, LPS mm; some hundred.
    """
    points = surface_lps * _LPS_TO_LAS
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    points = points - centre
    fits = []
    for yaw in _likely_yaws(points):
        for pitch in (-0.25, 0.1):
            start = _EXPECTED.copy()
            start[[0, 2]] = pitch, yaw
            fits.append(_descend(points[::2], start, steps=8))
    best, _ = min(fits, key=lambda fit: fit[1])
    parameters, _ = _descend(points, best, steps=_MAX_STEPS)
    linear, shift = _affine(parameters)
    distance = np.abs(_distances(points, parameters[None])[0])
    return BrainFrame(linear * _LPS_TO_LAS, shift - linear @ centre, float(np.median(distance)))


def _likely_yaws(points: np.ndarray) -> list[float]:
    """Return candidate rotations about the superior axis: that of the long axis of the head, and fixed ones."""
    flat = points[:, :2] - points[:, :2].mean(axis=0)
    _, vectors = np.linalg.eigh(flat.T @ flat)
    long = vectors[:, -1] * (1 if vectors[1, -1] > 0 else -1)
    # The fixed candidates are for wide heads, which have no clear long axis.
    return [float(np.arctan2(long[0], long[1])), 0.0, 0.6, -0.6]


def _affine(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    linear = Rotation.from_euler("XYZ", parameters[:3]).as_matrix() / np.exp(parameters[6:9])[:, None]
    return linear, _CENTRE + parameters[3:6]


def _distances(points: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Return (sets, points) signed distances to the inner table of the model for each set of parameters, in mm."""
    affines = [_affine(parameters) for parameters in sets]
    coordinates = np.stack([points @ linear.T + shift for linear, shift in affines]).astype(np.float32)
    frame = HeadFrame(coordinates[..., 0], coordinates[..., 1], coordinates[..., 2], (1.0, 1.0, 1.0))
    squareness = sets[:, -1, None].astype(np.float32)
    distance = inner_table(frame, squareness)  # type: ignore[arg-type]  # one value for each set
    return np.clip(distance, -_MAX_DISTANCE_MM, _MAX_DISTANCE_MM).astype(np.float64)


def _descend(points: np.ndarray, start: np.ndarray, *, steps: int) -> tuple[np.ndarray, float]:
    """Fit by damped Gauss-Newton steps; return the parameters and their cost."""
    # scipy.optimize.least_squares with the same derivatives takes 1.7 times as long and changes some results by 0.01.
    parameters, damping = start, 1e-2
    offsets = np.eye(len(start)) * _DERIVATIVE_STEP * _SPREAD
    prior = _PRIOR_WEIGHT / _SPREAD**2
    cost = np.inf
    normal, gradient = np.eye(len(start)), np.zeros(len(start))
    proposal = parameters
    for _ in range(steps):
        distances = _distances(points, np.concatenate([proposal[None], proposal + offsets]))
        off = proposal - _EXPECTED
        new_cost = _OUTLIER_MM**2 * np.log1p((distances[0] / _OUTLIER_MM) ** 2).sum() + prior @ off**2
        if new_cost < cost:
            converged = cost - new_cost < 1e-3 * new_cost
            parameters, cost, damping = proposal, new_cost, damping / 5
            jacobian = ((distances[1:] - distances[0]) / np.diag(offsets)[:, None]).T
            weights = 1 / (1 + (distances[0] / _OUTLIER_MM) ** 2)
            normal = (jacobian * weights[:, None]).T @ jacobian + np.diag(prior)
            gradient = jacobian.T @ (weights * distances[0]) + prior * off
            if converged:
                break
        else:
            damping *= 10
        proposal = parameters - np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient)
    return parameters, float(cost)
