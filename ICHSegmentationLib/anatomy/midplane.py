# SPDX-License-Identifier: Apache-2.0
"""Correction of the midsagittal plane of brain coordinates by the symmetry of the skull."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.preprocessing.interpolation import interpolation_matrix
from ICHSegmentationLib.preprocessing.midsagittal import find_midsagittal_plane

if TYPE_CHECKING:
    from ICHSegmentationLib.anatomy.brain_frame import BrainFrame

_CENTRE = np.array([0.0, -20.0, 10.0])  # of the inside of the skull, brain coordinates; a and s are kept there
_MAX_DISTANCE_MM = 12.0  # between both planes on the skull; more after craniectomy or for a wrong plane of symmetry


def with_symmetric_midplane(
    frame: BrainFrame,
    inside: np.ndarray,
    spacing_mm: tuple[np.ndarray, float, float],
    surface: np.ndarray,
    lps: np.ndarray,
) -> BrainFrame:
    """Rotate and shift brain coordinates so that x = 0 is the plane of symmetry of the inside of the skull.

    The fit of the skull model determines the midsagittal plane to one or two millimetres only. The mask of the inside
    of the skull, blood included, does not depend on structures that a hemorrhage displaces.

    Parameters
    ----------
    frame : BrainFrame
        Fitted brain coordinates.
    inside : numpy.ndarray
        (slices, rows, columns) bool on canonical axes, True inside the skull.
    spacing_mm : tuple
        (slices,) ascending positions of the slices, distance of rows, distance of columns.
    surface : numpy.ndarray
        (points, 3) canonical indices of points on the inner table.
    lps : numpy.ndarray
        (points, 3) LPS mm of the same points.

    Returns
    -------
    BrainFrame
        Corrected brain coordinates; ``frame`` itself if both planes differ by more than 12 mm.
    """
    slices_mm, row_mm, column_mm = spacing_mm
    planes = inside.astype(np.float32)
    if not np.isclose(row_mm, column_mm, rtol=1e-3):
        rows_mm = np.arange(inside.shape[1]) * row_mm
        planes = interpolation_matrix(rows_mm, np.arange(0, rows_mm[-1] + 1e-6, column_mm), width_mm=column_mm) @ planes
    plane = find_midsagittal_plane(planes, slices_mm, column_mm)
    heights_mm = slices_mm[surface[:, 0].astype(int)] - slices_mm[0]
    points_mm = np.stack([surface[:, 2] * column_mm, surface[:, 1] * row_mm, heights_mm], axis=-1)
    to_left_mm = (points_mm - plane.centre_mm) @ plane.normal - plane.shift_mm
    if np.abs(to_left_mm * frame.scale_x - frame.coordinates(lps)[:, 0]).max() > _MAX_DISTANCE_MM:
        return frame
    # The canonical axes of a tilted scan are sheared in LPS, so the plane is transferred by its distances to points.
    solution = np.linalg.lstsq(np.column_stack([lps, np.ones(len(lps))]), to_left_mm, rcond=None)[0]
    length = np.linalg.norm(solution[:3])
    normal, offset = solution[:3] / length, solution[3] / length
    rotation, _ = Rotation.align_vectors(frame.left_lps, normal)
    matrix = frame.matrix @ rotation.as_matrix()
    centre = frame.points_lps(_CENTRE)
    shift = _CENTRE - matrix @ centre
    shift[0] = offset * frame.scale_x
    return replace(frame, matrix=matrix, offset=shift)
