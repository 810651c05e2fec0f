# SPDX-License-Identifier: Apache-2.0
"""NRRD files (teem.sourceforge.net/nrrd/format.html) as far as label maps need them.

SimpleITK changes or refuses space directions that are not at right angles, which is what a tilted gantry makes; the
format itself holds them, so the few lines of header are written and read here.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ICHSegmentationLib.core.errors import InputError

_TYPES = {
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
}
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
    """An image of integers with its geometry and free keys.

    Attributes
    ----------
    array : numpy.ndarray
        (slices, rows, columns), or (slices, rows, columns, layers); the file's fastest axis is the last.
    directions_lps : numpy.ndarray
        (3, 3) step in LPS mm along columns, rows, slices (the file's order), one per row.
    origin_lps : numpy.ndarray
        (3,) LPS mm.
    keys : dict
        Free key/value pairs.
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
    """Write a gzip-compressed uint8 NRRD of three dimensions to ``path`` (not atomic)."""
    lines = [
        "NRRD0004",
        "type: uint8",
        "dimension: 3",
        "space: left-posterior-superior",
        "sizes: " + " ".join(str(size) for size in reversed(image.array.shape)),
        "space directions: " + " ".join(_vector(direction) for direction in image.directions_lps),
        "kinds: domain domain domain",
        "encoding: gzip",
        "space origin: " + _vector(image.origin_lps),
        *(f"{key}:={_escape(value)}" for key, value in image.keys.items()),
    ]
    # wbits 31 asks zlib for a gzip stream without a file name or a time stamp: equal label maps give equal files.
    packer = zlib.compressobj(level=1, wbits=31)
    data = packer.compress(np.ascontiguousarray(image.array).data) + packer.flush()
    path.write_bytes("\n".join(lines).encode() + b"\n\n" + data)


def read_nrrd(path: Path) -> Nrrd:
    """Read an NRRD of integers with attached data.

    Raises
    ------
    InputError
        If the file is not such an NRRD or is damaged.
    """
    content = path.read_bytes()
    header, found, data = content.partition(b"\n\n")
    if not content.startswith(b"NRRD") or not found:
        header, found, data = content.partition(b"\r\n\r\n")
    if not content.startswith(b"NRRD") or not found:
        message = f"{path.name} is not an NRRD file with a complete header."
        raise InputError(message)
    fields, keys = _parse_header(header.decode("utf-8", errors="replace"))
    try:
        array = _decode(fields, data)
        directions, origin = _geometry(fields)
    except (KeyError, ValueError, zlib.error) as error:
        message = f"{path.name} is damaged or not a label map: its NRRD header or data cannot be used."
        raise InputError(message) from error
    return Nrrd(array, directions, origin, keys)


def _parse_header(header: str) -> tuple[dict[str, str], dict[str, str]]:
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in header.splitlines()[1:]:
        if line.startswith("#"):
            continue
        if ":=" in line and not re.match(r"^[a-z ]+: ", line):
            key, _, value = line.partition(":=")
            keys[key] = value.replace("\\n", "\n").replace("\\\\", "\\")
        elif ": " in line:
            field, _, value = line.partition(": ")
            fields[field.strip().lower()] = value.strip()
    return fields, keys


def _decode(fields: dict[str, str], data: bytes) -> np.ndarray:
    encoding = fields["encoding"].lower()
    if encoding in ("gzip", "gz"):
        data = zlib.decompress(data, wbits=47)
    elif encoding != "raw":
        raise ValueError(encoding)
    order = ">" if fields.get("endian", "little") == "big" else "<"
    sizes = [int(size) for size in fields["sizes"].split()]
    array = np.frombuffer(data, dtype=order + _TYPES[fields["type"]]).reshape(sizes[::-1])
    if array.ndim == 4:
        layers_first = _vectors(fields)[0] is None
        return array if layers_first else np.moveaxis(array, 0, -1)
    if array.ndim != 3:
        raise ValueError(array.ndim)
    return array


def _geometry(fields: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    signs = np.array(_LPS_SIGNS[fields["space"]])
    directions = np.array([vector for vector in _vectors(fields) if vector is not None])
    origin = np.array(_numbers(fields["space origin"]))
    if directions.shape != (3, 3) or abs(np.linalg.det(directions)) < 1e-9 or origin.shape != (3,):
        raise ValueError(directions)
    return directions * signs, origin * signs


def _vectors(fields: dict[str, str]) -> list[list[float] | None]:
    words = re.findall(r"none|\([^)]*\)", fields["space directions"])
    return [None if word == "none" else _numbers(word) for word in words]


def _numbers(word: str) -> list[float]:
    return [float(number) for number in word.strip("() ").split(",")]


def _vector(values: np.ndarray) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
