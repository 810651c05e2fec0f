# SPDX-License-Identifier: Apache-2.0
"""Scalar fields for geometric models of a head: signed distances to shapes, in mm, and smooth noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

Field = np.ndarray
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class HeadFrame:
    """Head coordinates at the nodes of a grid.

    Attributes
    ----------
    x, a, s : numpy.ndarray
        float32 arrays of one shape, usually (planes, rows, columns): mm towards left, anterior and superior.
    spacing_mm : tuple of float
        Distance between planes, rows and columns of the grid.
    """

    x: Field
    a: Field
    s: Field
    spacing_mm: Triple


def ellipsoid(frame: HeadFrame, centre: Triple, radii: Triple, *, mirrored: bool = False) -> Field:
    """Return the approximate signed distance to an ellipsoid, negative inside; on both sides if ``mirrored``."""
    x = np.abs(frame.x) if mirrored else frame.x
    u, v, w = ((axis - c) / r for axis, c, r in zip((x, frame.a, frame.s), centre, radii, strict=True))
    k0 = np.sqrt(u * u + v * v + w * w)
    k1 = np.sqrt((u / radii[0]) ** 2 + (v / radii[1]) ** 2 + (w / radii[2]) ** 2)
    return k0 * (k0 - 1) / np.maximum(k1, 1e-4)


def rounded_box(frame: HeadFrame, centre: Triple, radii: Triple, power: float) -> Field:
    """Return the approximate signed distance to a superellipsoid, which is an ellipsoid for ``power`` 2."""
    out, slope = np.zeros_like(frame.x), np.zeros_like(frame.x)
    for axis, c, r in zip((frame.x, frame.a, frame.s), centre, radii, strict=True):
        u = np.maximum(np.abs(axis - c) / np.float32(r), 1e-4)
        raised = u ** (power - 1)
        out, slope = out + raised * u, slope + (raised / r) ** 2
    norm = out ** (1 / power)
    return (norm - 1) * norm ** (power - 1) / np.sqrt(slope)


def tube(frame: HeadFrame, points: Sequence[Triple], radii: Sequence[float], *, squeeze: float = 1.0) -> Field:
    """Return the signed distance to a chain of round cones on both sides; ``squeeze`` > 1 narrows it along x."""
    out: Field | None = None
    scale = (squeeze, 1.0, 1.0)
    axes = (np.abs(frame.x), frame.a, frame.s)
    for (p, r0), (q, r1) in pairwise(zip(points, radii, strict=True)):
        direction = [(end - start) * k for start, end, k in zip(p, q, scale, strict=True)]
        offsets = [(axis - start) * k for axis, start, k in zip(axes, p, scale, strict=True)]
        along = sum(o * d for o, d in zip(offsets, direction, strict=True)) / sum(d * d for d in direction)
        along = np.clip(along, 0, 1)
        distance = np.sqrt(sum((o - d * along) ** 2 for o, d in zip(offsets, direction, strict=True)))
        distance -= r0 + (r1 - r0) * along
        out = distance if out is None else smooth_union(out, distance, 2.0)
    assert out is not None
    return out


def smooth_union(first: Field, second: Field, blend_mm: float) -> Field:
    """Return the signed distance to the union of two shapes, smoothed over ``blend_mm`` where they meet."""
    h = np.maximum(blend_mm - np.abs(first - second), 0) / blend_mm
    return np.minimum(first, second) - h * h * (blend_mm / 4)


def smooth_step(value: Field, low: float, high: float) -> Field:
    """Return 0 below ``low``, 1 above ``high``, and a cubic ramp between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def bump(frame: HeadFrame, centre: Triple, widths: Triple) -> Field:
    """Return a Gaussian of height 1, mirrored to both sides of the head."""
    u, v, w = ((axis - c) / r for axis, c, r in zip((np.abs(frame.x), frame.a, frame.s), centre, widths, strict=True))
    return np.exp(-(u * u + v * v + w * w))


def _spline_basis(points: np.ndarray, knots: int) -> np.ndarray:
    distance = np.abs(points[:, None] - np.arange(knots)[None])
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.maximum(2 - distance, 0) ** 3 / 6
    return np.where(distance < 1, near, far).astype(np.float32)


def smooth_noise(rng: np.random.Generator, frame: HeadFrame, cell_mm: float) -> Field:
    """Return noise of unit variance: a cubic B-spline over a random lattice of cells of ``cell_mm``."""
    shape = frame.x.shape
    extents = [(n - 1) * step / cell_mm for n, step in zip(shape, frame.spacing_mm, strict=True)]
    knots = [int(np.ceil(e)) + 4 for e in extents]
    field = rng.standard_normal(knots, dtype=np.float32)
    for axis in (2, 1, 0):
        points = np.linspace(0, extents[axis], shape[axis]) + 1 + rng.random()
        basis = _spline_basis(points, knots[axis])
        field = np.moveaxis(np.tensordot(basis, field, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(field) / np.float32(field.std() + 1e-6)


def noise_at(rng: np.random.Generator, points: Sequence[Field], cell_mm: float) -> Field:
    """Return smooth noise of unit variance at points given as three 1D arrays of coordinates in mm."""
    coordinates = np.stack(points) / np.float32(cell_mm)
    low = np.floor(coordinates.min(axis=1)) - 2
    size = (np.ceil(coordinates.max(axis=1)) - low + 3).astype(int)
    lattice = rng.standard_normal(size, dtype=np.float32)
    coordinates -= low[:, None].astype(np.float32)
    field = ndimage.map_coordinates(lattice, coordinates, order=3, prefilter=False, output=np.float32)
    return field / np.float32(field.std() + 1e-6)


def level_distance(field: Field, spacing_mm: Triple) -> Field:
    """Return the approximate signed distance to the zero level of a smooth field: its value divided by its gradient."""
    slope = np.sqrt(sum(g * g for g in np.gradient(field, *spacing_mm)))
    return field / np.maximum(slope, np.float32(0.5) * np.median(slope[slope > 0]))


def linear_matrix(size: int, nodes: int) -> np.ndarray:
    """Return the (size, nodes) matrix of linear interpolation from ``nodes`` to ``size`` evenly spaced points."""
    place = np.linspace(0, nodes - 1, size)
    return np.maximum(1 - np.abs(place[:, None] - np.arange(nodes)[None]), 0).astype(np.float32)
