# SPDX-License-Identifier: Apache-2.0
"""A head in any pose in the scanner."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from builders.label_maps import head_grid
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype

Pose = tuple[tuple[float, float, float], tuple[float, float, float]]
"""Degrees about L, P and S in turn, and the shift in mm."""
CLOT_CENTRE_MM, CLOT_RADIUS_MM = (25.0, -10.0, 12.0), 14.0
# Centre, radii and HU; later ones overwrite: scalp, nose, skull, brain, petrous bones, ventricles, calcified pineal.
_PARTS = (
    ((0, 0, 0), (78, 93, 82), 20),
    ((0, -96, -20), (14, 16, 18), 30),
    ((0, 0, 0), (72, 87, 76), 900),
    ((0, 0, 0), (66, 81, 70), 32),
    ((44, 15, -44), (20, 10, 10), 800),
    ((-44, 18, -42), (20, 10, 10), 800),
    ((12, 5, 8), (7, 28, 12), 6),
    ((-12, 5, 8), (7, 28, 12), 6),
    ((0, 22, 0), (4, 4, 4), 300),
)


def pose_matrix(pose: Pose | None) -> np.ndarray:
    """Return the (4, 4) transform from the head's LPS mm to those of the scan."""
    matrix = np.eye(4)
    if pose is not None:
        matrix[:3, :3] = Rotation.from_euler("xyz", pose[0], degrees=True).as_matrix()
        matrix[:3, 3] = pose[1]
    return matrix


def moved_scan(pose: Pose | None, growth_mm: float = 0.0) -> tuple[CTVolume, LabelMap]:
    """Return a scan of a head with a spherical clot and little noise.

    Parameters
    ----------
    pose : tuple or None
        Pose of the head; None is straight and centred, with tilted slices 4 mm apart; else slices are 5 mm apart.
    growth_mm : float
        Added to the clot's radius.
    """
    steps, tilt_deg = ([4.0] * 33, 12.0) if pose is None else ([5.0] * 27, 0.0)
    grid = head_grid(steps, tilt_deg=tilt_deg, rows=140, columns=130, spacing_mm=(1.5, 1.5))
    matrix = pose_matrix(pose)
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    points = (grid.points_mm(indices) - matrix[:3, 3]) @ matrix[:3, :3]
    hu = np.full(grid.shape, -1000.0)
    for centre, radii, value in _PARTS:
        hu[(((points - centre) / radii) ** 2).sum(axis=-1) <= 1] = value
    clot = ((points - CLOT_CENTRE_MM) ** 2).sum(axis=-1) <= (CLOT_RADIUS_MM + growth_mm) ** 2
    hu[clot] = 65
    hu += np.random.default_rng(0 if pose is None else 1).normal(0, 4, hu.shape)
    labels = np.where(clot, Subtype.IPH, 0).astype(np.uint8)
    return CTVolume(hu.astype(np.int16), grid), LabelMap(labels, grid)
