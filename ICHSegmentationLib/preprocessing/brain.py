# SPDX-License-Identifier: Apache-2.0
"""The brain in windowed greys, by morphology (Abramova et al. 2021, section 2.1)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.preprocessing.head import intracranial_mask

_WORKING_MM = 1.6
_BONE, _TISSUE, _AIR = 1000, 40, -1000  # HU that stand for what is above, in and below the window
_SMALLEST_STEP = 0.5 / 255  # of 8-bit greys
_CLOSE_MM = 4.0  # clots above the window look like bone, fluid below it like air


def brain_mask(planes: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Find what lies inside the skull.

    It needs no more than the window's greys, so that prepared training volumes and scans are treated alike.

    Parameters
    ----------
    planes : numpy.ndarray
        (slices, H, W) in [0, 1]: a window from about 0 to 80 or more HU, axial slices.
    pixel_mm : float
        Size of the square pixels.

    Returns
    -------
    numpy.ndarray
        (slices, H, W) bool; empty where bone encloses no tissue.
    """
    step = max(1, round(_WORKING_MM / pixel_mm))
    coarse = planes[:, ::step, ::step]
    hu = np.full(coarse.shape, _TISSUE, dtype=np.int16)
    hu[coarse >= 1 - _SMALLEST_STEP] = _BONE
    hu[coarse <= _SMALLEST_STEP] = _AIR
    spacing_mm = (step * pixel_mm, step * pixel_mm)
    inside = intracranial_mask(hu, spacing_mm)
    radius = round(_CLOSE_MM / spacing_mm[0])
    inside = ndimage.binary_closing(np.pad(inside, ((0, 0), (radius, radius), (radius, radius))), _disc(radius))
    inside = inside[:, radius:-radius, radius:-radius] if radius else inside
    fine = inside.repeat(step, axis=1).repeat(step, axis=2)
    return fine[:, : planes.shape[1], : planes.shape[2]]


def _disc(radius: int) -> np.ndarray:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return ((x**2 + y**2) <= radius**2)[None]
