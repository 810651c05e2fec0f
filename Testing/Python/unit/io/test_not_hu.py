# SPDX-License-Identifier: Apache-2.0
"""Files whose values are no HU, whose bits are not known, or whose lengths are not in mm, are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.affine_files import write_nrrd
from builders.dicom import Edit, write_enhanced, write_series
from builders.grids import make_grid
from pydicom import Dataset

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.io.reader import read_ct

_GRID = make_grid(rows=12, columns=10, steps_mm=[5.0] * 5, spacing_mm=(0.5, 0.5))
_HU = np.random.default_rng(0).integers(-1000, 1500, _GRID.shape).astype(np.int16)


def _series(folder: Path, edit: Edit, dtype: type = np.int16) -> Path:
    write_series(folder / "series", _HU, _GRID, edit=edit, dtype=dtype)
    return folder / "series"


def _code(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_ct(path)
    return caught.value.code


@pytest.mark.parametrize("kind", ["OD", "Z_EFF", "MGML", "PCT", "HU_MOD", "ED"])
def test_values_that_are_no_hu(tmp_path: Path, kind: str) -> None:
    assert _code(_series(tmp_path, lambda dataset, _: setattr(dataset, "RescaleType", kind))) == "io.not_hu"


def test_values_of_frames_that_are_no_hu(tmp_path: Path) -> None:
    def edit(frame: Dataset, index: int) -> None:
        frame.PixelValueTransformationSequence[0].RescaleType = "OD" if index == 3 else "HU"

    assert _code(write_enhanced(tmp_path / "ct.dcm", _HU, _GRID, edit=edit)) == "io.not_hu"


@pytest.mark.parametrize("kind", ["HU", "hu", "HU ", "US", ""])
def test_hu_under_other_spellings(tmp_path: Path, kind: str) -> None:
    volume = read_ct(_series(tmp_path, lambda dataset, _: setattr(dataset, "RescaleType", kind)))
    np.testing.assert_array_equal(volume.hu, _HU)


@pytest.mark.parametrize("kind", ["MIP", "MINIP", "MAX_IP", "PROJECTION IMAGE"])
def test_projections(tmp_path: Path, kind: str) -> None:
    edit = lambda dataset, _: setattr(dataset, "ImageType", ["DERIVED", "SECONDARY", "AXIAL", kind])  # noqa: E731
    assert _code(_series(tmp_path, edit)) == "io.projection"


def test_reformats_and_averages_are_read(tmp_path: Path) -> None:
    for kind in ("MPR", "AVERAGE"):
        edit = lambda dataset, _, kind=kind: setattr(dataset, "ImageType", ["DERIVED", "SECONDARY", kind])  # noqa: E731
        np.testing.assert_array_equal(read_ct(_series(tmp_path / kind, edit)).hu, _HU)


def test_a_table_of_hu(tmp_path: Path) -> None:
    def edit(dataset: Dataset, _: int) -> None:
        table = Dataset()
        table.LUTDescriptor, table.ModalityLUTType = [4096, 0, 16], "HU"
        table.add_new(0x00283006, "OW", np.arange(4096, dtype=np.uint16).tobytes())
        del dataset.RescaleSlope, dataset.RescaleIntercept
        dataset.ModalityLUTSequence = [table]

    assert _code(_series(tmp_path, edit)) == "io.modality_lut"


def _set_bits(dataset: Dataset, high_bit: int, values: np.ndarray) -> None:
    dataset.BitsStored, dataset.HighBit, dataset.PixelData = 12, high_bit, values.astype(np.uint16).tobytes()


def _values(dataset: Dataset) -> np.ndarray:
    return np.frombuffer(dataset.PixelData, np.uint16)


def test_left_aligned_bits(tmp_path: Path) -> None:
    edit: Edit = lambda dataset, _: _set_bits(dataset, 15, _values(dataset) << 4)  # noqa: E731
    assert _code(_series(tmp_path, edit, np.uint16)) == "io.high_bit"


def test_values_beyond_the_stored_bits(tmp_path: Path) -> None:
    edit: Edit = lambda dataset, _: _set_bits(dataset, 11, _values(dataset) | 0x5000)  # noqa: E731
    assert _code(_series(tmp_path, edit, np.uint16)) == "io.bits_beyond"


def test_fewer_stored_bits_than_the_values_need(tmp_path: Path) -> None:
    def edit(dataset: Dataset, _: int) -> None:
        dataset.BitsStored, dataset.HighBit = 10, 9

    assert _code(_series(tmp_path, edit, np.uint16)) == "io.bits_beyond"


def test_an_overlay_in_the_bits_above_is_no_hu(tmp_path: Path) -> None:
    def edit(dataset: Dataset, _: int) -> None:
        _set_bits(dataset, 11, _values(dataset) | (np.arange(120) % 3 == 0).astype(np.uint16) << 12)
        for element, value in ((0x0010, 12), (0x0011, 10), (0x0100, 16), (0x0102, 12)):
            dataset.add_new((0x6000, element), "US", value)

    np.testing.assert_array_equal(read_ct(_series(tmp_path, edit, np.uint16)).hu, _HU)


def test_signed_values_of_fewer_bits(tmp_path: Path) -> None:
    def edit(dataset: Dataset, _: int) -> None:
        dataset.BitsStored, dataset.HighBit = 13, 12

    np.testing.assert_array_equal(read_ct(_series(tmp_path, edit)).hu, _HU)


def _nrrd(path: Path, *lines: str, **replaced: str) -> Path:
    affine = _GRID.affine_ras
    assert affine is not None
    write_nrrd(path, np.ascontiguousarray(_HU.transpose(2, 1, 0)), affine)
    header, _, voxels = path.read_bytes().partition(b"\n\n")
    kept = [replaced.get(line.split(":")[0], line) for line in header.decode().split("\n")]
    path.write_bytes("\n".join([*kept, *lines]).encode() + b"\n\n" + voxels)
    return path


@pytest.mark.parametrize("unit", ["cm", "m", "um", "in"])
def test_nrrd_in_other_units(tmp_path: Path, unit: str) -> None:
    line = f'space units: "mm" "mm" "{unit}"'
    assert _code(_nrrd(tmp_path / "ct.nrrd", line)) == "io.other_units"


@pytest.mark.parametrize("unit", ["mm", "millimeter", ""])
def test_nrrd_in_mm(tmp_path: Path, unit: str) -> None:
    line = f'space units: "{unit}" "{unit}" "{unit}"'
    np.testing.assert_array_equal(read_ct(_nrrd(tmp_path / "ct.nrrd", line)).hu, _HU)


def test_nrrd_with_an_axis_of_time(tmp_path: Path) -> None:
    assert _code(_nrrd(tmp_path / "ct.nrrd", kinds="kinds: domain domain time")) == "io.axis_not_of_space"


@pytest.mark.parametrize(("unit", "code"), [("cm", "io.other_units"), ("um", "io.other_units"), ("mm", "")])
def test_meta_image_in_other_units(tmp_path: Path, unit: str, code: str) -> None:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(_HU)
    image.SetSpacing((0.5, 0.5, 5.0))
    SimpleITK.WriteImage(image, str(tmp_path / "ct.mha"))
    header, name, voxels = (tmp_path / "ct.mha").read_bytes().partition(b"ElementDataFile")
    (tmp_path / "ct.mha").write_bytes(header + f"DistanceUnits = {unit}\n".encode() + name + voxels)
    if code:
        assert _code(tmp_path / "ct.mha") == code
    else:
        np.testing.assert_array_equal(read_ct(tmp_path / "ct.mha").hu, _HU)
