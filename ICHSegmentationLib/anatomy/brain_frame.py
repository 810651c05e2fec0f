# SPDX-License-Identifier: Apache-2.0
"""Brain coordinates of a scan, from the shape of the inside of its skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.anatomy.distance_fields import HeadFrame
from ICHSegmentationLib.anatomy.inner_table import inner_table

_LPS_TO_LAS = np.array([1.0, -1.0, 1.0])
_CENTRE = np.array([0.0, -20.0, 10.0])  # of the inside of the skull in brain coordinates
_STEPS = 30
_OUTLIER_MM = 4.0
_FARTHEST_MM = 25.0  # beyond, the model's distance says nothing more
_NUDGE = 1e-3
# Rotation about x, a, s in rad; shift in mm; logarithm of the size along x, a, s; squareness of the skull.
_EXPECTED = np.array([0, 0, 0, 0, 0, 0, -0.03, -0.03, -0.03, 2.25])
_SPREAD = np.array([0.4, 0.25, 2.0, 40, 40, 40, 0.06, 0.06, 0.06, 0.15])
_PRIOR_WEIGHT = 30.0  # points that the prior is worth, of about 600


@dataclass(frozen=True, eq=False)
class BrainFrame:
    """Linear map from the patient's LPS mm to brain coordinates.

    Brain coordinates are mm in a head of standard size: x to the left of the midsagittal plane, a to the front of the
    anterior commissure, s above the plane through both commissures (Talairach J, Tournoux P, Co-planar stereotaxic
    atlas of the human brain, Thieme 1988).

    Attributes
    ----------
    matrix : numpy.ndarray
        (3, 3) from LPS mm to (x, a, s).
    offset : numpy.ndarray
        (3,) added afterwards.
    misfit_mm : float
        Median distance between the inside of the scan's skull and the model's.
    """

    matrix: np.ndarray
    offset: np.ndarray
    misfit_mm: float

    def coordinates(self, points_lps: np.ndarray) -> np.ndarray:
        """Return (..., 3) brain coordinates x, a, s of (..., 3) LPS positions."""
        return points_lps @ self.matrix.T + self.offset

    def points_lps(self, coordinates: np.ndarray) -> np.ndarray:
        """Return (..., 3) LPS positions of (..., 3) brain coordinates."""
        return (coordinates - self.offset) @ np.linalg.inv(self.matrix).T

    @property
    def left_lps(self) -> np.ndarray:
        """(3,) unit vector at right angles to the midsagittal plane, to the patient's left, LPS."""
        return self.matrix[0] / np.linalg.norm(self.matrix[0])

    @property
    def scale_x(self) -> float:
        """Brain coordinates per mm at right angles to the midsagittal plane."""
        return float(np.linalg.norm(self.matrix[0]))


def fit_brain_frame(surface_lps: np.ndarray) -> BrainFrame:
    """Fit the model of the inside of the skull to points on it.

    The model is the inner table of :mod:`ICHSegmentationLib.anatomy.inner_table`: vault, fossae and ridges of
    the base as signed distances. Least squares over turn, shift, size along three axes and squareness, with
    outliers weighted down (Cauchy) and a prior of head sizes; points only pull where there are any, so that scans that
    do not reach the vertex or the base fit as far as they go.

    Parameters
    ----------
    surface_lps : numpy.ndarray
        (points, 3) on the inner table, LPS mm; some hundred.
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
    parameters, _ = _descend(points, best, steps=_STEPS)
    linear, shift = _affine(parameters)
    distance = np.abs(_distances(points, parameters[None])[0])
    return BrainFrame(linear * _LPS_TO_LAS, shift - linear @ centre, float(np.median(distance)))


def _likely_yaws(points: np.ndarray) -> list[float]:
    """Return turns about the body's axis that bring the head's long axis to the front."""
    flat = points[:, :2] - points[:, :2].mean(axis=0)
    _, vectors = np.linalg.eigh(flat.T @ flat)
    long = vectors[:, -1] * (1 if vectors[1, -1] > 0 else -1)
    # The rotation is applied to the points, so it undoes the head's own turn. Wide heads have no clear long axis.
    return [float(np.arctan2(long[0], long[1])), 0.0, 0.6, -0.6]


def _affine(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    linear = Rotation.from_euler("XYZ", parameters[:3]).as_matrix() / np.exp(parameters[6:9])[:, None]
    return linear, _CENTRE + parameters[3:6]


def _distances(points: np.ndarray, sets: np.ndarray) -> np.ndarray:
    """Return (sets, points) signed distances to the model's inner table in mm of the standard head."""
    affines = [_affine(parameters) for parameters in sets]
    placed = np.stack([points @ linear.T + shift for linear, shift in affines]).astype(np.float32)
    frame = HeadFrame(placed[..., 0], placed[..., 1], placed[..., 2], (1.0, 1.0, 1.0))
    squareness = sets[:, -1, None].astype(np.float32)
    distance = inner_table(frame, squareness)  # type: ignore[arg-type]  # an array of one per set does as well
    return np.clip(distance, -_FARTHEST_MM, _FARTHEST_MM).astype(np.float64)


def _descend(points: np.ndarray, start: np.ndarray, *, steps: int) -> tuple[np.ndarray, float]:
    """Fit by damped Gauss-Newton steps; return the parameters and their cost."""
    # scipy.optimize.least_squares with the same slopes takes 1.7 times as long and moves some measures by 0.01.
    parameters, damping = start, 1e-2
    nudges = np.eye(len(start)) * _NUDGE * _SPREAD
    prior = _PRIOR_WEIGHT / _SPREAD**2
    cost = np.inf
    normal, gradient = np.eye(len(start)), np.zeros(len(start))
    proposal = parameters
    for _ in range(steps):
        distances = _distances(points, np.concatenate([proposal[None], proposal + nudges]))
        off = proposal - _EXPECTED
        new_cost = _OUTLIER_MM**2 * np.log1p((distances[0] / _OUTLIER_MM) ** 2).sum() + prior @ off**2
        if new_cost < cost:
            converged = cost - new_cost < 1e-3 * new_cost
            parameters, cost, damping = proposal, new_cost, damping / 5
            slopes = ((distances[1:] - distances[0]) / np.diag(nudges)[:, None]).T
            weights = 1 / (1 + (distances[0] / _OUTLIER_MM) ** 2)
            normal = (slopes * weights[:, None]).T @ slopes + np.diag(prior)
            gradient = slopes.T @ (weights * distances[0]) + prior * off
            if converged:
                break
        else:
            damping *= 10
        proposal = parameters - np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient)
    return parameters, float(cost)
