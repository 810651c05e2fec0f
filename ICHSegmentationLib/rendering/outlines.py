# SPDX-License-Identifier: Apache-2.0
"""Outlines of labels, smooth at screen resolution."""

from __future__ import annotations

import numpy as np
from PIL import Image

_FINE = 2
_WIDTH = 4


def outline_alpha(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the coverage of each screen pixel by the outline of a mask.

    The mask is interpolated bilinearly at twice the screen resolution and thresholded at one half; its contour follows
    the pixel edges within half a pixel. The line lies inside the contour, so that outlines of touching subtypes do not
    overlap.

    Parameters
    ----------
    mask : numpy.ndarray
        (rows, columns) bool.
    size : tuple of int
        (width, height) of the picture.

    Returns
    -------
    numpy.ndarray
        (height, width) float32, 0-1.
    """
    alpha = np.zeros((size[1], size[0]), dtype=np.float32)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return alpha
    # Process only the part around the mask, with a margin of two pixels so that the outline is closed.
    x_scale, y_scale = size[0] / mask.shape[1], size[1] / mask.shape[0]
    left, right = int((columns[0] - 2) * x_scale), int(np.ceil((columns[-1] + 3) * x_scale))
    top, bottom = int((rows[0] - 2) * y_scale), int(np.ceil((rows[-1] + 3) * y_scale))
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1])
    box = (left / x_scale, top / y_scale, right / x_scale, bottom / y_scale)
    fine_size = ((right - left) * _FINE, (bottom - top) * _FINE)
    grey = Image.fromarray(mask.astype(np.uint8) * 255)
    fine = np.asarray(grey.resize(fine_size, Image.Resampling.BILINEAR, box=box)) > 127
    line = fine & ~_eroded(fine, _WIDTH)
    parts = line.reshape(bottom - top, _FINE, right - left, _FINE)
    alpha[top:bottom, left:right] = parts.mean(axis=(1, 3), dtype=np.float32)
    return alpha


def _eroded(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Erode a mask by shifts along rows and columns (a diamond, round enough for a thin line)."""
    for _ in range(pixels):
        padded = np.pad(mask, 1, constant_values=True)
        mask = mask & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask
