# SPDX-License-Identifier: Apache-2.0
"""Midsagittal plane of a head from image symmetry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize

from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix

_SEARCH_MM = (5.0, 2.4, 2.4)  # slices, rows, columns; finer grids find the same plane
_TURNS_DEG = np.arange(-60.0, 61.0, 4.0)  # of the coarse search; heads in straps are turned by up to 45 degrees
_TURN_PENALTY = 0.1  # relative cost of a turn of 60 degrees, so that a round head is taken as upright
_MIN_SEPARATION_DEG = 15.0  # between the two turns that are refined
_MAX_POINTS = 30_000
_FEW = 6  # every sixth point finds where to refine with all of them
_MIN_HEAD = 0.05  # windowed value; lower values are air
# Steps (deg, deg, mm) and tolerance (deg and mm) with few points, and with all.
_FEW_STEPS, _FEW_TOLERANCE = np.array([2.0, 2.0, 2.0]), 0.1
_STEPS, _TOLERANCE = np.array([0.3, 0.3, 0.3]), 0.02


@dataclass(frozen=True, eq=False)
class MidsagittalPlane:
    """Plane between left and right, in mm along canonical columns (left), rows (posterior) and slices (superior).

    Attributes
    ----------
    turn_deg : float
        In-plane rotation of the head, positive if the posterior part of the plane lies at higher columns than the
        anterior one.
    lean_deg : float
        Lean of the head to the side, positive if the superior part of the plane lies at higher columns than the
        inferior one.
    shift_mm : float
        Distance of the plane from ``centre_mm``, positive towards higher columns.
    centre_mm : tuple of float
        Column, row and slice position of the centre of the array, from its first voxel.
    """

    turn_deg: float
    lean_deg: float
    shift_mm: float
    centre_mm: tuple[float, float, float]

    @property
    def normal(self) -> np.ndarray:
        """(3,) unit normal of the plane, towards higher columns."""
        return _normal(self.turn_deg, self.lean_deg)

    def mirrored(self, planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float) -> np.ndarray:
        """Sample the mirror image of each voxel.

        Parameters
        ----------
        planes : numpy.ndarray
            (slices, H, W) float32 on the grid that the plane was found on.
        slices_mm : numpy.ndarray
            (slices,) ascending positions, evenly spaced or not.
        pixel_mm : float
            Size of the square pixels.

        Returns
        -------
        numpy.ndarray
            (slices, H, W) float32, linear interpolation; 0 where the opposite side is outside the image.
        """
        heights = slices_mm - slices_mm[0]
        numbers = np.arange(len(heights), dtype=float)
        y, x = np.mgrid[: planes.shape[1], : planes.shape[2]] * pixel_mm
        result = np.empty(planes.shape, dtype=np.float32)
        for number, height in enumerate(heights):
            opposite = _reflect(np.stack([x, y, np.full_like(x, height)]), self.normal, self.shift_mm, self.centre_mm)
            # Positions above the last and below the first slice take the values of that slice.
            at = [np.interp(opposite[2], heights, numbers), opposite[1] / pixel_mm, opposite[0] / pixel_mm]
            result[number] = ndimage.map_coordinates(planes, at, order=1, cval=0.0)
        return result


def find_midsagittal_plane(planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float) -> MidsagittalPlane:
    """Find the plane about which a head differs least from its mirror image (mean squared difference).

    A coarse search compares turns from -60 to 60 degrees through the centre of mass. Turn, lean and shift are refined
    from the two best, well separated turns, and those of the better one once more. All but the last step use a sixth of
    the points.

    Parameters
    ----------
    planes : numpy.ndarray
        (slices, H, W) in [0, 1] on canonical axes with square pixels: windowed values, or a mask of the head.
    slices_mm : numpy.ndarray
        (slices,) ascending positions.
    pixel_mm : float
        Pixel size.
    """
    size_mm = [(n - 1) * pixel_mm for n in planes.shape[1:]]
    centre_mm = (size_mm[1] / 2, size_mm[0] / 2, float(slices_mm[-1] - slices_mm[0]) / 2)
    coarse, spacing_mm = _coarse(planes, slices_mm, pixel_mm)
    inside = np.argwhere(coarse > _MIN_HEAD)
    if not len(inside):
        return MidsagittalPlane(0.0, 0.0, 0.0, centre_mm)
    chosen = inside[:: -(-len(inside) // _MAX_POINTS)]
    few, all_points = (_difference(coarse, spacing_mm, centre_mm, some) for some in (chosen[::_FEW], chosen))
    middle = np.array(ndimage.center_of_mass(coarse) * np.array(spacing_mm))[::-1]
    starts = [np.array([turn, 0.0, _normal(turn, 0.0) @ (middle - centre_mm)]) for turn in _TURNS_DEG]
    starts = sorted(starts, key=few)
    # The best turn of the coarse search can be wrong: a wide head is almost as symmetric about its coronal plane.
    first, second = starts[0], next(start for start in starts if abs(start[0] - starts[0][0]) > _MIN_SEPARATION_DEG)
    fits = [_refine(few, start, _FEW_STEPS, _FEW_TOLERANCE) for start in (first, second)]
    found = _refine(all_points, min(fits, key=lambda fit: fit.fun).x, _STEPS, _TOLERANCE)
    turn_deg, lean_deg, shift_mm = (float(value) for value in found.x)
    return MidsagittalPlane(turn_deg, lean_deg, shift_mm, centre_mm)


def _difference(
    coarse: np.ndarray,
    spacing_mm: tuple[float, float, float],
    centre_mm: tuple[float, float, float],
    chosen: np.ndarray,
) -> Callable[[np.ndarray], float]:
    """Return the function of turn, lean and shift that compares (points, 3) voxels with the opposite ones."""
    points = (chosen * spacing_mm).T[::-1]  # columns, rows, slices
    values = coarse[tuple(chosen.T)]
    last_slice = len(coarse) - 1

    def difference(parameters: np.ndarray) -> float:
        turn_deg, lean_deg, shift_mm = parameters
        opposite = _reflect(points, _normal(turn_deg, lean_deg), shift_mm, centre_mm)
        at = opposite[::-1] / np.array(spacing_mm)[:, None]
        at[0] = at[0].clip(0, last_slice)  # as `MidsagittalPlane.mirrored` does
        sampled = ndimage.map_coordinates(coarse, at, order=1, cval=0.0)
        penalty = 1 + _TURN_PENALTY * (turn_deg / _TURNS_DEG[-1]) ** 2
        return float(np.mean((sampled - values) ** 2)) * penalty

    return difference


def _refine(
    difference: Callable[[np.ndarray], float], start: np.ndarray, steps: np.ndarray, tolerance: float
) -> optimize.OptimizeResult:
    inwards = np.array([-1 if start[0] > 0 else 1, 1, 1])
    simplex = np.vstack([start, start + np.diag(steps * inwards)])
    options = {"initial_simplex": simplex, "xatol": tolerance, "fatol": 1e-9, "maxiter": 200}
    # The bounds exclude the coronal plane. scipy.optimize.least_squares takes several times as long on these points and
    # changes midline shifts by up to 0.3 mm.
    bounds = [(_TURNS_DEG[0], _TURNS_DEG[-1]), (None, None), (None, None)]
    return optimize.minimize(difference, start, method="Nelder-Mead", bounds=bounds, options=options)


def _normal(turn_deg: float, lean_deg: float) -> np.ndarray:
    turn, lean = np.deg2rad(turn_deg), np.deg2rad(lean_deg)
    return np.array([np.cos(turn) * np.cos(lean), -np.sin(turn) * np.cos(lean), -np.sin(lean)])


def _reflect(
    points: np.ndarray, normal: np.ndarray, shift_mm: float, centre_mm: tuple[float, float, float]
) -> np.ndarray:
    """Reflect (3, ...) points in a plane."""
    offset = np.tensordot(normal, points, axes=1) - (normal @ np.array(centre_mm) + shift_mm)
    return points - 2 * normal.reshape(-1, *[1] * (points.ndim - 1)) * offset


def _coarse(
    planes: np.ndarray, slices_mm: np.ndarray, pixel_mm: float
) -> tuple[np.ndarray, tuple[float, float, float]]:
    """Resample to the evenly spaced grid of the search with the same first voxel; return the array and its spacing."""
    heights = slices_mm - slices_mm[0]
    step_mm = (_SEARCH_MM[0], max(_SEARCH_MM[1], pixel_mm), max(_SEARCH_MM[2], pixel_mm))
    axes = (heights, *(np.arange(n) * pixel_mm for n in planes.shape[1:]))
    along = [
        interpolation_matrix(axis, np.arange(0, axis[-1] + 1e-6, step), width_mm=step)
        for axis, step in zip(axes, step_mm, strict=True)
    ]
    even = along[1] @ np.tensordot(along[0], planes.astype(np.float32), axes=1) @ along[2].T
    return ndimage.gaussian_filter(even, (0, 1, 1)), step_mm
