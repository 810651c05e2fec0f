# SPDX-License-Identifier: Apache-2.0
"""A file that holds more slices than its header states is refused: the volume would lack them."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from builders.affine_files import write_nifti, write_nrrd
from builders.errors import raises
from builders.grids import coded_hu, make_grid

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.errors import InputError

HU = coded_hu((6, 10, 8))
GRID = make_grid(rows=10, columns=8, steps_mm=[5.0] * 5)


def nifti(folder: Path, slices: int, surplus: bytes, name: str = "ct.nii", *, packed: bool = False) -> Path:
    path = write_nifti(folder / "whole.nii", HU.T, GRID.affine_ras)
    content = bytearray(path.read_bytes()) + surplus
    path.unlink()
    struct.pack_into("<h", content, 46, slices)
    (folder / name).write_bytes(gzip.compress(content) if packed else content)
    return folder / name


def nrrd(folder: Path, slices: int, surplus: bytes, encoding: str = "raw") -> Path:
    path = write_nrrd(folder / "ct.nrrd", HU.T, GRID.affine_ras)
    header, _, voxels = path.read_bytes().partition(b"\n\n")
    header = header.replace(b"sizes: 8 10 6", f"sizes: 8 10 {slices}".encode())
    header = header.replace(b"encoding: raw", f"encoding: {encoding}".encode())
    voxels += surplus
    path.write_bytes(header + b"\n\n" + (gzip.compress(voxels) if encoding == "gzip" else voxels))
    return path


def mha(folder: Path, slices: int, surplus: bytes, *, packed: bool = False) -> Path:
    voxels = HU.tobytes() + surplus
    stored = zlib.compress(voxels) if packed else voxels
    lines = ["ObjectType = Image", "NDims = 3", "BinaryData = True", "BinaryDataByteOrderMSB = False"]
    lines += [f"CompressedData = {packed}", *([f"CompressedDataSize = {len(stored)}"] if packed else [])]
    lines += ["ElementSpacing = 0.5 0.5 5", f"DimSize = 8 10 {slices}", "ElementType = MET_SHORT"]
    path = folder / "ct.mha"
    path.write_bytes("\n".join([*lines, "ElementDataFile = LOCAL", ""]).encode() + stored)
    return path


WRITERS = {
    "nii": nifti,
    "nii.gz": lambda *case: nifti(*case, "ct.nii.gz", packed=True),
    "nii named nii.gz": lambda *case: nifti(*case, "ct.nii.gz"),
    "nii.gz named nii": lambda *case: nifti(*case, packed=True),
    "nrrd": nrrd,
    "nrrd, gzip": lambda *case: nrrd(*case, "gzip"),
    "mha": mha,
    "mha, zlib": lambda *case: mha(*case, packed=True),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_file_with_more_slices_than_stated_is_refused(tmp_path: Path, write: Callable[..., Path]):
    path = write(tmp_path, 5, b"")
    with raises(InputError, "io.longer_than_stated", path=path):
        read_ct(path)


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_few_bytes_behind_the_voxels_do_no_harm(tmp_path: Path, write: Callable[..., Path]):
    volume = read_ct(write(tmp_path, 6, bytes(99)))
    assert (volume.hu == HU).all()
