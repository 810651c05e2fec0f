# SPDX-License-Identifier: Apache-2.0
"""Bounding boxes of labelled voxels."""

from __future__ import annotations

import numpy as np


def labelled_box(labels: np.ndarray) -> tuple[slice, slice, slice]:
    """Return the bounding box of the labelled voxels.

    Parameters
    ----------
    labels : numpy.ndarray
        (slices, rows, columns) labels or bool; 0 is background.

    Returns
    -------
    tuple of slice
        Slices, rows and columns; three empty slices at 0 if no voxel is labelled.
    """
    slices = np.flatnonzero(np.any(labels, axis=(1, 2)))
    if len(slices) == 0:
        return slice(0, 0), slice(0, 0), slice(0, 0)
    flat = np.any(labels[slices[0] : slices[-1] + 1], axis=0)
    rows, columns = np.flatnonzero(np.any(flat, axis=1)), np.flatnonzero(np.any(flat, axis=0))
    return (
        slice(int(slices[0]), int(slices[-1]) + 1),
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
