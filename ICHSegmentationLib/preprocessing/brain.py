# SPDX-License-Identifier: Apache-2.0
"""Brain mask of windowed images, by morphology (Abramova et al. 2021, section 2.1)."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ICHSegmentationLib.preprocessing.head import intracranial_mask

_WORKING_MM = 1.6
_BONE, _TISSUE, _AIR = 1000, 40, -1000  # HU assigned to pixels above, in and below the window
_HALF_LEVEL = 0.5 / 255  # half a grey level of 8-bit images
_CLOSE_MM = 4.0  # fills clots above the window, which look like bone, and fluid below it, which looks like air


def brain_mask(planes: np.ndarray, pixel_mm: float) -> np.ndarray:
    """Return the mask of the inside of the skull.

    Only windowed values are needed, so that prepared training volumes and scans are processed in the same way.

    Parameters
    ----------
    planes : numpy.ndarray
        (slices, H, W) axial slices in [0, 1], windowed from about 0 to at least 80 HU.
    pixel_mm : float
        Size of the square pixels.

    Returns
    -------
    numpy.ndarray
        (slices, H, W) bool; all False if bone encloses no tissue.
    """
    step = max(1, round(_WORKING_MM / pixel_mm))
    coarse = planes[:, ::step, ::step]
    hu = np.full(coarse.shape, _TISSUE, dtype=np.int16)
    hu[coarse >= 1 - _HALF_LEVEL] = _BONE
    hu[coarse <= _HALF_LEVEL] = _AIR
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
