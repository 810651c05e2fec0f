# SPDX-License-Identifier: Apache-2.0
"""ABC/2: estimate of the volume of a lesion from three diameters."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.measurement.shape.diameters import Line, longest_line_in_slice, widest_chord

Method = Literal["ABC/2", "XYZ/2"]
Point = tuple[float, float, float]

METHODS: dict[str, Method] = {"IPH": "ABC/2", "EDH": "XYZ/2", "SDH": "XYZ/2"}
"""Method by segment ID. SAH and IVH have none, because blood in sulci and ventricles is not ellipsoidal."""
FULL_FRACTION, HALF_FRACTION = 0.75, 0.25


class Abc2(BaseModel):
    """ABC/2 of one lesion.

    Attributes
    ----------
    method : str
        ``ABC/2``, or ``XYZ/2`` for extra-axial blood.
    slice : int
        Slice with the largest area, counted from 0.
    a_mm : float
        Longest diameter on that slice (X: length).
    b_mm : float
        Longest diameter perpendicular to A on that slice (Y: width, which of a crescent is its thickness).
    c_mm : float
        Sum of the slice extents of the lesion; for even slices their number times the slice distance (Z: depth).
    volume_ml : float
        A x B x C / 2.
    weighted_c_mm, weighted_ml : float
        C and volume with slices weighted by their area relative to the largest one.
    difference_ml : float
        ``volume_ml`` minus the volume of the voxels.
    a_ends_mm, b_ends_mm : tuple
        End points of both diameters, LPS mm.
    """

    model_config = ConfigDict(frozen=True)

    method: Method
    slice: int
    a_mm: float
    b_mm: float
    c_mm: float
    volume_ml: float
    weighted_c_mm: float
    weighted_ml: float
    difference_ml: float
    a_ends_mm: tuple[Point, Point]
    b_ends_mm: tuple[Point, Point]


def measure_abc2(
    mask: np.ndarray, offset: tuple[int, int, int], grid: SliceGrid, *, method: Method, voxels_ml: float
) -> Abc2:
    """Estimate the volume of a lesion as half the product of three diameters.

    A is the longest diameter on the slice with the largest area, B the longest one perpendicular to it, C the number of
    slices times their distance (Kothari RU et al., The ABCs of measuring intracerebral hemorrhage volumes, Stroke 1996;
    27:1304-5). C is computed as the sum of the slice extents, which also holds for tilted and unevenly spaced slices.
    In the weighted form the weight of a slice is 1 above 75 % of the largest area, 0.5 from 25 to 75 % and 0 below. For
    extra-axial blood the same product is known as XYZ/2 (Sucu HK, Gokmen M, Gelal F, The value of XYZ/2 technique
    compared with computer-assisted volumetric analysis to estimate the volume of chronic subdural hematoma, Stroke
    2005;36:998-1000).

    Parameters
    ----------
    mask : numpy.ndarray
        (slices, rows, columns) bool with at least one voxel, a part of the label map.
    offset : tuple of int
        Index of the first voxel of the mask in the label map.
    grid : SliceGrid
        Slice grid of the label map.
    method : str
        Name of the estimate, which does not change the result.
    voxels_ml : float
        Volume of the voxels, for ``difference_ml``.
    """
    areas = np.count_nonzero(mask, axis=(1, 2))
    largest = int(np.argmax(areas))
    one = mask[largest : largest + 1]
    corner = (offset[0] + largest, offset[1], offset[2])
    a = longest_line_in_slice(one, corner, grid)
    b = widest_chord(one, corner, grid, a)
    extents_mm = grid.extents_mm[offset[0] : offset[0] + len(mask)]
    c_mm = float(extents_mm[areas > 0].sum())
    weighted_c_mm = float(extents_mm @ slice_weights(areas))
    half_area_cm = a.length_mm * b.length_mm / 2 / 1000
    return Abc2(
        method=method,
        slice=corner[0],
        a_mm=round(a.length_mm, 2),
        b_mm=round(b.length_mm, 2),
        c_mm=round(c_mm, 2),
        volume_ml=round(half_area_cm * c_mm, 3),
        weighted_c_mm=round(weighted_c_mm, 2),
        weighted_ml=round(half_area_cm * weighted_c_mm, 3),
        difference_ml=round(half_area_cm * c_mm - voxels_ml, 3),
        a_ends_mm=_ends(a),
        b_ends_mm=_ends(b),
    )


def slice_weights(areas: np.ndarray) -> np.ndarray:
    """Return the weight of each slice in the weighted form, from areas in any unit."""
    fractions = areas / areas.max()
    return np.where(fractions > FULL_FRACTION, 1.0, np.where(fractions >= HALF_FRACTION, 0.5, 0.0))


def _ends(line: Line) -> tuple[Point, Point]:
    start, end = ((round(float(x), 2), round(float(y), 2), round(float(z), 2)) for x, y, z in line)
    return start, end
