# SPDX-License-Identifier: Apache-2.0
"""NRRD label maps, read and written by pynrrd: SimpleITK refuses or alters the sheared axes of a tilted gantry."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import nrrd
import numpy as np

from ICHSegmentationLib.io.damage import damage_named

_LPS_SIGNS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "LPS": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "RAS": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "LAS": (1.0, -1.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Nrrd:
    """An image of integers with its geometry and key/value pairs.

    Attributes
    ----------
    array : numpy.ndarray
        (slices, rows, columns), or (slices, rows, columns, layers); the file's fastest axis is the last.
    directions_lps : numpy.ndarray
        (3, 3) step in LPS mm along columns, rows, slices (the file's order), one per row.
    origin_lps : numpy.ndarray
        (3,) LPS mm.
    keys : dict
        Text of the header: key/value pairs, and the format's own fields, which writing sets anew.
    """

    array: np.ndarray
    directions_lps: np.ndarray
    origin_lps: np.ndarray
    keys: dict[str, str]

    @property
    def affine_ras(self) -> np.ndarray:
        """(4, 4) from (column, row, slice) to RAS mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.directions_lps.T
        affine[:3, 3] = self.origin_lps
        return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def write_nrrd(path: Path, image: Nrrd) -> None:
    """Write a gzip-compressed NRRD of three dimensions to ``path`` (not atomic); equal images give equal files."""
    fields = {
        **image.keys,
        "space": "left-posterior-superior",
        "space directions": image.directions_lps,
        "kinds": ["domain"] * 3,
        "encoding": "gzip",
        "space origin": image.origin_lps,
    }
    file = io.BytesIO()
    nrrd.write(file, image.array, fields, compression_level=1, index_order="C")
    header, data = file.getvalue().split(b"\n\n", 1)
    # pynrrd notes the time of writing in comments.
    path.write_bytes(re.sub(rb"\n#[^\n]*", b"", header) + b"\n\n" + data)


def read_nrrd(path: Path) -> Nrrd:
    """Read an NRRD of integers with attached data.

    Raises
    ------
    InputError
        If the file is not such an NRRD or is damaged.
    """
    with damage_named(path), path.open("rb") as file:
        # pynrrd drops letters beyond ASCII from a header that it decodes itself.
        header = nrrd.read_header(line.decode("utf-8", errors="replace") for line in iter(file.readline, b""))
        if header.keys() & {"data file", "datafile"}:
            raise ValueError(header.keys())
        array = nrrd.read_data(header, file, index_order="C")
        directions = header["space directions"]
        layers = np.isnan(directions).any(axis=1)
        if array.ndim == 4 and not layers[0]:
            array = np.moveaxis(array, 0, -1)
        directions, origin = directions[~layers], header["space origin"]
        determinant = abs(np.linalg.det(directions))
        if array.dtype.kind not in "iu" or origin.shape != (3,) or not determinant >= 1e-9:
            raise ValueError(array.dtype)
    signs = np.array(_LPS_SIGNS[header["space"]])
    keys = {key: value for key, value in header.items() if isinstance(value, str)}
    return Nrrd(array, directions * signs, origin * signs, keys)
