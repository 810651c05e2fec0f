# SPDX-License-Identifier: Apache-2.0
"""Stacks whose every second slice belongs to another scan, which only the images can tell."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

_PIXELS = 64  # compared along each side of a slice
_HU = (-100, 200)
_MIN_DIFFERENCE_HU = 1e-3
_MIN_TRIPLES = 4
# Difference of a slice from the next but one over that from the next: medians of 1.7 to 2.0 in scans, 0.4 where the
# slices of another head lie between those of the first.
_MAX_RATIO = 0.8


def refuse_mixed(hu: np.ndarray) -> None:
    """Refuse a stack in which slices are more like the next but one than like the next.

    Headers tell mixed scans apart in nearly all cases, and the readers go by them. This check is for files whose
    headers were edited, and for formats that hold no header of a slice.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) HU in the order of the slices.

    Raises
    ------
    InputError
        If slices of two scans alternate.
    """
    stride = max(1, min(hu.shape[1:]) // _PIXELS)
    coarse = hu[:, ::stride, ::stride].clip(*_HU).astype(np.float32)
    to_next, to_second = (np.abs(coarse[step:] - coarse[:-step]).mean(axis=(1, 2)) for step in (1, 2))
    smaller = np.minimum(to_next[:-1], to_next[1:])
    changing = smaller > _MIN_DIFFERENCE_HU
    if changing.sum() < _MIN_TRIPLES:
        return
    if np.median(to_second[changing] / smaller[changing]) < _MAX_RATIO:
        raise InputError(message("io.slices_alternate"))
