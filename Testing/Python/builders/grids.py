# SPDX-License-Identifier: Apache-2.0
"""Grids, and volumes in which every voxel has a unique value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.core.scan.grid import SliceGrid


def make_grid(
    *,
    rows: int = 8,
    columns: int = 6,
    steps_mm: Sequence[float] = (5.0,) * 4,
    spacing_mm: tuple[float, float] = (0.5, 0.5),
    tilt_deg: float = 0.0,
    oblique_deg: tuple[float, float, float] = (0.0, 0.0, 0.0),
    origin_mm: tuple[float, float, float] = (-60.0, -70.0, 20.0),
) -> SliceGrid:
    """Return a stack with steps of ``steps_mm`` along the table and a gantry tilt about the left axis.

    ``oblique_deg`` then rotates the stack about the x, y and z axes in turn.
    """
    tilt = np.radians(tilt_deg)
    turn = Rotation.from_euler("xyz", oblique_deg, degrees=True).as_matrix()
    orientation = np.array([[1.0, 0.0, 0.0], [0.0, np.cos(tilt), -np.sin(tilt)]]) @ turn.T
    along = np.concatenate(([0.0], np.cumsum(steps_mm)))
    positions = np.array(origin_mm) + along[:, None] * (turn @ np.array([0.0, 0.0, 1.0]))
    return SliceGrid((len(along), rows, columns), positions, orientation, spacing_mm)


def coded_hu(shape: tuple[int, int, int]) -> np.ndarray:
    """Return int16 HU from -1000 up with a unique value in every voxel (up to 30000 voxels)."""
    values = np.arange(int(np.prod(shape)), dtype=np.int64)
    assert values.size <= 30000
    return (values - 1000).astype(np.int16).reshape(shape)
