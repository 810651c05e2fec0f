# SPDX-License-Identifier: Apache-2.0
"""Turning stored values into HU as int16."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.scan.volume import PADDING_HU

_MAXIMUM_HU = np.iinfo(np.int16).max


def rescale(stored: np.ndarray, slope: float, intercept: float, out: np.ndarray) -> int:
    """Write ``stored * slope + intercept`` rounded to ``out`` (int16); values below -1024 become padding.

    CT numbers end at -1024; what lies below is a scanner's mark for "outside the scan circle".

    Returns
    -------
    int
        The number of values below -1024 (and NaN).
    """
    hu: np.ndarray
    if slope == 1.0 and intercept.is_integer() and abs(intercept) < _MAXIMUM_HU and stored.dtype.kind in "iu":
        hu = stored.astype(np.int32)
        hu += int(intercept)
        padded = int(np.count_nonzero(hu < PADDING_HU))
    else:
        exact: np.ndarray = stored.astype(np.float32 if stored.itemsize <= 2 else np.float64)
        np.multiply(exact, slope, out=exact)
        np.add(exact, intercept, out=exact)
        np.rint(exact, out=exact)
        padded = int(np.count_nonzero(~(exact >= PADDING_HU)))
        hu = np.nan_to_num(exact, copy=False, nan=PADDING_HU)
    out[...] = np.clip(hu, PADDING_HU, _MAXIMUM_HU, out=hu)
    return padded
