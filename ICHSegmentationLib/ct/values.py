# SPDX-License-Identifier: Apache-2.0
"""Turning stored values into HU as int16."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.ct.volume import PADDING_HU

_MAXIMUM_HU = np.iinfo(np.int16).max


def rescale(stored: np.ndarray, slope: float, intercept: float, out: np.ndarray) -> int:
    """Write ``stored * slope + intercept`` rounded to ``out`` (int16); values below -1024 become padding.

    CT numbers end at -1024; what lies below is a scanner's mark for "outside the scan circle".

    Returns
    -------
    int
        The number of values below -1024 (and NaN).
    """
    if slope == 1.0 and intercept.is_integer() and stored.dtype.kind in "iu":
        hu = stored.astype(np.int32)
        hu += int(intercept)
        padded = int(np.count_nonzero(hu < PADDING_HU))
    else:
        hu = stored.astype(np.float32 if stored.itemsize <= 2 else np.float64)
        hu *= slope
        hu += intercept
        np.rint(hu, out=hu)
        padded = int(np.count_nonzero(~(hu >= PADDING_HU)))
        np.nan_to_num(hu, copy=False, nan=PADDING_HU)
    np.clip(hu, PADDING_HU, _MAXIMUM_HU, out=hu)
    out[...] = hu
    return padded
