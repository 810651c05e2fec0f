# SPDX-License-Identifier: Apache-2.0
"""The bedside estimate of a clot's volume from three diameters."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from ICHSegmentationLib.core.grid import SliceGrid
from ICHSegmentationLib.measurement.diameters import Line, longest_line_in_slice, widest_chord

Method = Literal["ABC/2", "XYZ/2"]
Point = tuple[float, float, float]

METHODS: dict[str, Method] = {"IPH": "ABC/2", "EDH": "XYZ/2", "SDH": "XYZ/2"}
"""Segment IDs that the estimate is made for; blood in sulci and ventricles is no ellipsoid."""
FULL_SHARE, HALF_SHARE = 0.75, 0.25


class Abc2(BaseModel):
    """ABC/2 of one lesion.

    Attributes
    ----------
    method : str
        ``ABC/2``, or ``XYZ/2`` for blood outside the brain.
    slice : int
        Index (from 0) of the slice with the lesion's largest area.
    a_mm : float
        Longest diameter there (X: length).
    b_mm : float
        Longest diameter there at right angles to A (Y: width; of a crescent its thickness).
    c_mm : float
        What the lesion's slices own along the normal: their number times the slice distance (Z: depth).
    volume_ml : float
        A x B x C / 2.
    weighted_c_mm, weighted_ml : float
        The same with slices counted by their share of the largest area.
    difference_ml : float
        ``volume_ml`` less the volume of the lesion's voxels.
    a_ends_mm, b_ends_mm : tuple
        Ends of both diameters, LPS mm, to be drawn.
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
    """Estimate the volume of one lesion as half the product of its three diameters.

    A is the longest diameter on the slice with the largest area, B the longest at right angles to it, C the number of
    slices times their distance (Kothari RU et al., The ABCs of measuring intracerebral hemorrhage volumes, Stroke 1996;
    27:1304-5). The weighted form counts a slice whole above 75 % of the largest area, by half from 25 to 75 %, and not
    at all below. For extra-axial blood the same product is known as XYZ/2 (Sucu HK, Gokmen M, Gelal F, The value of
    XYZ/2 technique compared with computer-assisted volumetric analysis to estimate the volume of chronic subdural
    hematoma, Stroke 2005;36:998-1000). The slice distance is what each slice owns along the normal, so C also holds on
    tilted stacks and where distances vary.

    Parameters
    ----------
    mask : numpy.ndarray
        (slices, rows, columns) bool with at least one voxel, a part of the volume.
    offset : tuple of int
        Index of the part's first voxel in the volume.
    grid : SliceGrid
        Where the slices of the volume lie.
    method : str
        What the estimate is called.
    voxels_ml : float
        Volume of the voxels, to compare with.
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
    """Return what each slice counts in the weighted form, from its area in any unit."""
    share = areas / areas.max()
    return np.where(share > FULL_SHARE, 1.0, np.where(share >= HALF_SHARE, 0.5, 0.0))


def _ends(line: Line) -> tuple[Point, Point]:
    start, end = ((round(float(x), 2), round(float(y), 2), round(float(z), 2)) for x, y, z in line)
    return start, end
