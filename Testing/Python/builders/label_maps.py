# SPDX-License-Identifier: Apache-2.0
"""Label maps of known volumes on stacks centred at the origin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from builders.grids import make_grid
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid


def head_grid(
    steps_mm: Sequence[float],
    *,
    tilt_deg: float = 0.0,
    oblique_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
    rows: int = 120,
    columns: int = 110,
    spacing_mm: tuple[float, float] = (0.8, 0.9),
) -> SliceGrid:
    """Return a stack centred at the origin; see :func:`make_grid`."""
    grid = make_grid(
        rows=rows,
        columns=columns,
        steps_mm=steps_mm,
        spacing_mm=spacing_mm,
        tilt_deg=tilt_deg,
        oblique_deg=oblique_deg,
        origin_mm=(0, 0, 0),
    )
    ends = grid.points_mm(np.array([[0, 0, 0], np.array(grid.shape) - 1]))
    return SliceGrid(grid.shape, grid.positions_mm - ends.mean(axis=0), grid.orientation, spacing_mm)


def ellipsoid_mask(
    grid: SliceGrid, centre_mm: tuple[float, float, float], radii_mm: tuple[float, float, float]
) -> np.ndarray:
    """Return the mask of voxel centres inside an ellipsoid with axes along L, P and S."""
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return (((grid.points_mm(indices) - centre_mm) / radii_mm) ** 2).sum(axis=-1) <= 1


def ellipsoid_ml(radii_mm: tuple[float, float, float]) -> float:
    """Return the true volume of an ellipsoid."""
    return float(4 / 3 * np.pi * np.prod(radii_mm) / 1000)


def labelled(grid: SliceGrid, *parts: tuple[int, np.ndarray]) -> LabelMap:
    """Return a label map of (label, mask) parts; later parts win."""
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for label, mask in parts:
        labels[mask] = label
    return LabelMap(labels, grid)
