# SPDX-License-Identifier: Apache-2.0
"""Surface of the head from the front, before and after the face was removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

if TYPE_CHECKING:
    from ICHSegmentationLib.core.scan.volume import CTVolume

_SKIN_HU = -300
_PIXEL_MM = 0.5
_SMOOTH_MM = 1.0
_GAP_PX = 12


def draw_front_views(volume: CTVolume, kept: np.ndarray) -> Image.Image:
    """Return the shaded surface of a head from the front, with all voxels and with the kept ones only.

    Parameters
    ----------
    volume : CTVolume
        A head CT.
    kept : numpy.ndarray
        (slices, rows, columns) bool.
    """
    orientation = CanonicalOrientation.of(volume.grid)
    tissue = orientation.apply(volume.hu) > _SKIN_HU
    views = [_front(part, orientation.coordinates_mm) for part in (tissue, tissue & orientation.apply(kept))]
    gap = np.zeros((len(views[0]), _GAP_PX), dtype=np.uint8)
    return Image.fromarray(np.hstack([views[0], gap, views[1]])).convert("RGB")


def _front(tissue: np.ndarray, along_mm: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the view, brighter where the surface faces the viewer; superior is up."""
    from scipy import ndimage

    hit = np.asarray(tissue.any(axis=1))
    depth_mm = np.where(hit, along_mm[1][tissue.argmax(axis=1)], along_mm[1][-1])
    slices, columns = (_nearest(axis_mm) for axis_mm in (along_mm[0], along_mm[2]))
    smooth = ndimage.gaussian_filter(depth_mm[np.ix_(slices, columns)], _SMOOTH_MM / _PIXEL_MM)
    slope_z, slope_x = np.gradient(smooth, _PIXEL_MM)
    shade = 255 / np.sqrt(1 + slope_z**2 + slope_x**2)
    view: np.ndarray = np.where(hit[np.ix_(slices, columns)], shade, 0).astype(np.uint8)[::-1]
    return view


def _nearest(axis_mm: np.ndarray) -> np.ndarray:
    """Return the sample nearest to each pixel of the view."""
    pixels_mm = np.arange(0.0, axis_mm[-1], _PIXEL_MM)
    index: np.ndarray = np.abs(pixels_mm[:, None] - axis_mm).argmin(axis=1)
    return index
