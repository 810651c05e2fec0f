# SPDX-License-Identifier: Apache-2.0
"""Writers of NIfTI and NRRD files in any axis order."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np

AXIS_ORDERS = [(order, flips) for order in permutations(range(3)) for flips in product((False, True), repeat=3)]
"""All 48 ways to store the same volume: the order of (column, row, slice) and which stored axes run backwards."""


def in_axis_order(
    volume: np.ndarray, affine_ras: np.ndarray, order: tuple[int, ...], flips: tuple[bool, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return a (slices, rows, columns) volume and its (column, row, slice) affine as a file would store them."""
    array = np.transpose(volume, (2, 1, 0)).transpose(order)
    affine = affine_ras[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip:
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
    return np.ascontiguousarray(array), affine


def write_nifti(path: Path, array: np.ndarray, affine_ras: np.ndarray) -> Path:
    """Write an (i, j, k) array with an sform only (a qform cannot hold a tilt)."""
    image = nibabel.Nifti1Image(array, affine_ras)
    image.set_sform(affine_ras, code=1)
    image.set_qform(None, code=0)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


def write_nrrd(
    path: Path, array: np.ndarray, affine_ras: np.ndarray, *, space: str = "left-posterior-superior"
) -> Path:
    """Write an (i, j, k) int16 array with the space directions as they are, sheared or not."""
    affine = affine_ras.copy()
    if space.startswith("left-posterior"):
        affine[:2] *= -1
    vectors = [",".join(f"{value:.12g}" for value in affine[:3, axis]) for axis in range(4)]
    header = [
        "NRRD0004",
        "type: short",
        "dimension: 3",
        f"space: {space}",
        f"sizes: {' '.join(str(size) for size in array.shape)}",
        f"space directions: ({vectors[0]}) ({vectors[1]}) ({vectors[2]})",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: raw",
        f"space origin: ({vectors[3]})",
    ]
    path.write_bytes(("\n".join(header) + "\n\n").encode() + array.astype("<i2").tobytes(order="F"))
    return path
