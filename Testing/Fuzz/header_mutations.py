# SPDX-License-Identifier: Apache-2.0
"""Mutations of the headers of NIfTI and NRRD files.

Each takes the random generator and the content of an uncompressed file, and returns its new content. None yields the
valid header of another scan of the same size: no reader could know.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from random import Random

ContentMutation = Callable[[Random, bytes], bytes]

# Offsets of fields of a NIfTI-1 header.
_DIM, _DATATYPE, _BITPIX, _VOX_OFFSET, _SROW = 40, 70, 72, 108, 280
_BAD_NUMBERS = (float("nan"), float("inf"), -float("inf"), 1e30)


def nifti_dimensions(random: Random, content: bytes) -> bytes:
    """State sizes of zero, below it, or more than the file holds; or no or too many axes."""
    axis = random.choice([0, 1, 2, 3])
    size = random.choice([0, -1, 9, 32767]) if axis == 0 else random.choice([0, -1, 200, 32767])
    return _packed(content, "<h", _DIM + 2 * axis, size)


def nifti_fewer_slices(random: Random, content: bytes) -> bytes:
    """State fewer slices than the file holds."""
    sizes = struct.unpack_from("<3h", content, _DIM + 2)
    axis = 2  # the axis that varies slowest, so that the other voxels stay at their places
    return _packed(content, "<h", _DIM + 2 + 2 * axis, random.randrange(1, sizes[axis]))


def nifti_datatype(random: Random, content: bytes) -> bytes:
    """State a type of voxels that is unknown, no single number, or of another size."""
    kind, bits = random.choice([(0, 0), (1, 1), (3, 16), (32, 64), (128, 24), (2304, 32), (2, 8), (1024, 64), (-5, 16)])
    return _packed(_packed(content, "<h", _DATATYPE, kind), "<h", _BITPIX, bits)


def nifti_affine(random: Random, content: bytes) -> bytes:
    """Put a value that is no length into the sform, or make it singular."""
    row = random.randrange(3)
    if random.random() < 0.3:
        return _packed(content, "<4f", _SROW + 16 * row, 0.0, 0.0, 0.0, 0.0)
    return _packed(content, "<f", _SROW + 16 * row + 4 * random.randrange(4), random.choice(_BAD_NUMBERS))


def nifti_offset(random: Random, content: bytes) -> bytes:
    """State that the voxels begin elsewhere: behind the end, inside the header, or nowhere."""
    return _packed(content, "<f", _VOX_OFFSET, random.choice([float(len(content)), 1e9, -352.0, float("nan")]))


def nifti_magic(random: Random, content: bytes) -> bytes:
    """Damage what tells that the file is NIfTI: its first number or its magic."""
    return _packed(content, "<i", *random.choice([(0, 0), (0, 347), (0, 540), (344, 0)]))


def nifti_big_endian(random: Random, content: bytes) -> bytes:  # noqa: ARG001
    """Write the whole file in the other byte order."""
    import nibabel

    image = nibabel.Nifti1Image.from_bytes(content)
    header = image.header.as_byteswapped(">")
    header["vox_offset"] = _offset(content)
    voxels = image.dataobj.get_unscaled()
    return header.binaryblock + bytes(4) + voxels.astype(voxels.dtype.newbyteorder(">")).tobytes(order="F")


NIFTI: tuple[ContentMutation, ...] = (
    nifti_dimensions,
    nifti_fewer_slices,
    nifti_datatype,
    nifti_affine,
    nifti_offset,
    nifti_magic,
    nifti_big_endian,
)


def nrrd_lost_field(random: Random, content: bytes) -> bytes:
    """Lose a line of the header, but not the origin: without one, NRRD places the scan at zero."""
    lines, voxels = _split(content)
    at = random.randrange(len(lines))
    del lines[at - 1 if _is(lines[at], "space origin") else at]
    return _joined(lines, voxels)


def nrrd_odd_field(random: Random, content: bytes) -> bytes:
    """Give a field a value that does not fit the voxels, or none at all."""
    name, value = random.choice(
        [
            ("type", "float"),
            ("type", "block"),
            ("type", "no such type"),
            ("dimension", "2"),
            ("dimension", "4"),
            ("dimension", "17"),
            ("sizes", "0 44 20"),
            ("sizes", "40 44"),
            ("sizes", "-1 44 20"),
            ("sizes", "100000 100000 100000"),
            ("encoding", "gzip"),
            ("encoding", "bzip2"),
            ("encoding", "hex"),
            ("encoding", "no such encoding"),
            ("space", "no such space"),
            ("space directions", "(nan,0,0) (0,1,0) (0,0,5)"),
            ("space directions", "(0,0,0) (0,1,0) (0,0,5)"),
            ("space directions", "(1,0,0) (1,0,0) (0,0,5)"),
            ("space directions", "none (0,1,0) (0,0,5)"),
            ("space directions", "(inf,0,0) (0,1,0) (0,0,5)"),
            ("space directions", "(1,0) (0,1) (0,5)"),
            ("space origin", "(nan,0,0)"),
            ("space origin", "(1e30,0,0)"),
            ("endian", "middle"),
        ]
    )
    lines, voxels = _split(content)
    return _joined([f"{name}: {value}".encode() if _is(line, name) else line for line in lines], voxels)


def nrrd_fewer_slices(random: Random, content: bytes) -> bytes:
    """State fewer slices than the file holds."""
    lines, voxels = _split(content)
    at = next(number for number, line in enumerate(lines) if _is(line, "sizes"))
    *sizes, last = map(int, lines[at].split(b":")[1].split())
    lines[at] = f"sizes: {' '.join(map(str, sizes))} {random.randrange(1, last)}".encode()
    return _joined(lines, voxels)


def nrrd_big_endian(random: Random, content: bytes) -> bytes:  # noqa: ARG001
    """Write the voxels in the other byte order."""
    lines, voxels = _split(content)
    swapped = bytearray(voxels)
    swapped[::2], swapped[1::2] = voxels[1::2], voxels[::2]
    return _joined([line.replace(b"endian: little", b"endian: big") for line in lines], bytes(swapped))


def nrrd_compressed(random: Random, content: bytes) -> bytes:  # noqa: ARG001
    """Compress the voxels."""
    lines, voxels = _split(content)
    return _joined([line.replace(b"encoding: raw", b"encoding: gzip") for line in lines], gzip.compress(voxels, 1))


def nrrd_compressed_and_damaged(random: Random, content: bytes) -> bytes:
    """Compress the voxels, then cut them off or change a byte of them."""
    packed = bytearray(_split(nrrd_compressed(random, content))[1])
    if random.random() < 0.5:
        del packed[random.randrange(len(packed)) :]
    else:
        packed[random.randrange(10, len(packed) - 8)] ^= 1 << random.randrange(8)
    return _joined(_split(nrrd_compressed(random, content))[0], bytes(packed))


NRRD: tuple[ContentMutation, ...] = (
    nrrd_lost_field,
    nrrd_odd_field,
    nrrd_fewer_slices,
    nrrd_big_endian,
    nrrd_compressed,
    nrrd_compressed_and_damaged,
)


def _packed(content: bytes, layout: str, offset: int, *values: float) -> bytes:
    changed = bytearray(content)
    struct.pack_into(layout, changed, offset, *values)
    return bytes(changed)


def _offset(content: bytes) -> float:
    return float(struct.unpack_from("<f", content, _VOX_OFFSET)[0])


def _split(content: bytes) -> tuple[list[bytes], bytes]:
    header, _, voxels = content.partition(b"\n\n")
    return header.split(b"\n"), voxels


def _joined(lines: list[bytes], voxels: bytes) -> bytes:
    return b"\n".join(lines) + b"\n\n" + voxels


def _is(line: bytes, name: str) -> bool:
    return line.startswith(f"{name}:".encode())
