# SPDX-License-Identifier: Apache-2.0
"""What is odd but can be handled is read and said."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
from builders.dicom import write_localizer, write_other, write_screenshot, write_series
from builders.grids import coded_hu, make_grid

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.io.dicom.tags import is_sharp_kernel
from ICHSegmentationLib.io.reader import read_ct


@pytest.fixture
def a_grid():
    return make_grid()


@pytest.fixture
def an_hu_volume(a_grid):
    return coded_hu(a_grid.shape)


def set_tags(**values):
    def edit(dataset, _index):
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return edit


def test_what_is_no_slice_is_left_out(tmp_path, a_grid, an_hu_volume):
    write_series(tmp_path, an_hu_volume, a_grid)
    write_localizer(tmp_path / "scout.dcm")
    write_screenshot(tmp_path / "dose.dcm")
    write_other(tmp_path / "mr.dcm", sop_class="1.2.840.10008.5.1.4.1.1.4", modality="MR")
    short = make_grid(steps_mm=[5.0])
    write_series(tmp_path, coded_hu(short.shape), short, series_uid="1.2.826.2", names="short{}".format)
    (tmp_path / "README.txt").write_text("not DICOM")
    (tmp_path / "._000.dcm").write_bytes(b"junk of another system")
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.warnings == (
        message("io.localizers_left_out", count=1),
        message("io.screenshots_left_out", count=1),
        message("io.others_left_out", count=1),
        message("io.small_series_left_out", count=1, minimum=3),
    )


def test_duplicates_are_dropped(tmp_path, a_grid, an_hu_volume):
    paths = write_series(tmp_path, an_hu_volume, a_grid)
    shutil.copy(paths[1], tmp_path / "copy.dcm")
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.warnings == (message("io.duplicates_dropped", count=1),)


def test_missing_slices(tmp_path):
    grid = make_grid(steps_mm=[5.0, 5.0, 15.0, 5.0, 5.0])
    write_series(tmp_path, coded_hu(grid.shape), grid)
    volume = read_ct(tmp_path)
    assert volume.grid.gaps == (2,)
    assert volume.warnings == (message("io.gaps", gaps="3 and 4 (15.00 mm)", limit_mm=7.5),)


def test_varying_steps_and_tilt(tmp_path):
    grid = make_grid(steps_mm=[2.5] * 3 + [5.0] * 3, tilt_deg=-12)
    write_series(tmp_path, coded_hu(grid.shape), grid)
    assert read_ct(tmp_path).warnings == (
        message("io.tilted", tilt_deg=12),
        message("io.steps_vary", steps="2.50, 5.00"),
    )


def test_many_different_steps_are_summed_up(tmp_path):
    grid = make_grid(steps_mm=[3.0, 3.2, 3.4, 3.6, 3.8, 4.0])
    write_series(tmp_path, coded_hu(grid.shape), grid)
    assert read_ct(tmp_path).warnings == (message("io.steps_vary", steps="3.00 to 4.00"),)


def test_numbers_in_another_order_than_positions(tmp_path, a_grid, an_hu_volume):
    numbers = [3, 1, 5, 2, 4]
    write_series(tmp_path, an_hu_volume, a_grid, edit=lambda d, index: setattr(d, "InstanceNumber", numbers[index]))
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.warnings == (message("io.mixed_order"),)


def test_rescale_per_slice(tmp_path, a_grid, an_hu_volume):
    def edit(dataset, index):
        stored = an_hu_volume[index].astype(np.int32) + 1000 + index
        dataset.RescaleIntercept = str(-1000 - index)
        dataset.PixelData = stored.astype(np.int16).tobytes()

    write_series(tmp_path, an_hu_volume, a_grid, edit=edit)
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.warnings == (message("io.rescale_differs"),)


def test_missing_rescale(tmp_path, a_grid, an_hu_volume):
    def edit(dataset, _index):
        del dataset.RescaleIntercept

    write_series(tmp_path, an_hu_volume, a_grid, intercept=0, edit=edit)
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.warnings[0] == message("io.no_rescale")


@pytest.mark.parametrize(
    ("agent", "said"), [("IOHEXOL", True), ("NONE", False), ("", False)], ids=["given", "none", "empty"]
)
def test_contrast_medium(tmp_path, a_grid, an_hu_volume, agent, said):
    write_series(tmp_path, an_hu_volume, a_grid, edit=set_tags(ContrastBolusAgent=agent))
    volume = read_ct(tmp_path)
    assert volume.warnings == ((message("io.contrast"),) if said else ())


def test_bone_kernel(tmp_path, a_grid, an_hu_volume):
    write_series(tmp_path, an_hu_volume, a_grid, edit=set_tags(ConvolutionKernel="H70h"))
    assert read_ct(tmp_path).warnings == (message("io.sharp_kernel", kernel="H70h"),)


@pytest.mark.parametrize("kernel", ["BONE", "BONEPLUS", "EDGE", "LUNG", "H60s", "B70f", "Hr64h", "FC30", "FC81", "YC"])
def test_sharp_kernels(kernel):
    assert is_sharp_kernel(kernel)


@pytest.mark.parametrize("kernel", ["STANDARD", "STD+", "SOFT", "H31s", "Hr40f", "J40s", "UB", "FC21", "FC64", ""])
def test_soft_kernels(kernel):
    assert not is_sharp_kernel(kernel)


def test_enhanced_kernels_come_as_a_list():
    assert is_sharp_kernel("['H60s', '3']")


@pytest.mark.parametrize(("stated", "said"), [("10", False), ("-10.6", False), ("12", True)])
def test_stated_tilt_is_only_a_check(tmp_path, stated, said):
    grid = make_grid(tilt_deg=10)
    write_series(tmp_path, coded_hu(grid.shape), grid, edit=set_tags(GantryDetectorTilt=stated))
    volume = read_ct(tmp_path)
    assert volume.grid.tilt_deg == pytest.approx(10, abs=1e-5)
    assert volume.warnings[1:] == ((message("io.tilt_differs", stated_deg=12, tilt_deg=10),) if said else ())


def test_coronal_slices(tmp_path):
    grid = make_grid(oblique_deg=(80, 0, 0))
    write_series(tmp_path, coded_hu(grid.shape), grid)
    assert read_ct(tmp_path).warnings == (message("io.not_axial"),)


PADDED = message("io.padding")
WRAPPED = message("io.signed_as_unsigned")


def store(values, *, signed, **tags):
    def edit(dataset, _index):
        dataset.PixelRepresentation = int(signed)
        dataset.PixelData = np.array(values, dtype=np.int16 if signed else np.uint16).tobytes()
        for keyword, (vr, value) in tags.items():
            dataset.add_new(keyword, vr, value)

    return edit


@pytest.mark.parametrize(
    ("edit", "expected", "warnings"),
    [
        # The value alone, far below air.
        (store([-2000, 1024, 1060, 24], signed=True), [-1024, 0, 36, -1000], (PADDED,)),
        # -2000 in data that the header calls unsigned.
        (store([63536, 1024, 1060, 24], signed=False), [-1024, 0, 36, -1000], (WRAPPED, PADDED)),
        (
            store([63536, 1024, 1060, 24], signed=False, PixelPaddingValue=("US", 63536)),
            [-1024, 0, 36, -1000],
            (WRAPPED, PADDED),
        ),
        # A padding value above everything.
        (
            store([30000, 1024, 1060, 24], signed=True, PixelPaddingValue=("SS", 30000)),
            [-1024, 0, 36, -1000],
            (PADDED,),
        ),
        # A range (PS3.3 C.7.5.1.1.2).
        (
            store(
                [30000, 29000, 1060, 24],
                signed=True,
                PixelPaddingValue=("SS", 30000),
                PixelPaddingRangeLimit=("SS", 28000),
            ),
            [-1024, -1024, 36, -1000],
            (PADDED,),
        ),
        # Padding that is -1024 HU already needs no word.
        (store([0, 1024, 1060, 24], signed=False, PixelPaddingValue=("US", 0)), [-1024, 0, 36, -1000], ()),
    ],
    ids=["signed", "wrapped", "wrapped with tag", "high", "range", "already air"],
)
def test_padding(tmp_path, edit, expected, warnings):
    grid = make_grid(rows=2, columns=2, steps_mm=[5, 5])
    write_series(tmp_path, np.zeros(grid.shape), grid, edit=edit)
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, [np.reshape(expected, (2, 2))] * 3)
    assert volume.warnings == warnings


@pytest.mark.parametrize(
    ("slope", "intercept", "stored"),
    [
        ("0.0625", "-1024", [0, 16384, 17408, 65535]),  # the whole range of a CT in 16 bits
        ("1", "-32768", [31744, 32768, 32832, 35839]),
        ("1", "-8192", [7168, 8192, 8256, 40000]),  # the extended scale: a metal implant
    ],
)
def test_unsigned_values_above_32767_stay_unsigned_where_they_can_be(tmp_path, slope, intercept, stored):
    grid = make_grid(rows=2, columns=2, steps_mm=[5, 5])
    write_series(
        tmp_path,
        np.zeros(grid.shape),
        grid,
        edit=store(stored, signed=False, RescaleSlope=("DS", slope), RescaleIntercept=("DS", intercept)),
    )
    volume = read_ct(tmp_path)
    expected = np.rint(np.array(stored) * float(slope) + float(intercept)).reshape(2, 2)
    np.testing.assert_array_equal(volume.hu, [expected] * 3)
    assert volume.warnings == ()


def test_values_that_cannot_be_unsigned_make_all_slices_signed(tmp_path):
    grid = make_grid(rows=2, columns=2, steps_mm=[5, 5])
    values = [[33000, 24, 1060, 1024], [63536, 24, 1060, 1024], [24, 24, 1060, 1024]]
    write_series(
        tmp_path, np.zeros(grid.shape), grid, edit=lambda d, index: store(values[index], signed=False)(d, index)
    )
    volume = read_ct(tmp_path)
    assert volume.hu[:, 0, 0].tolist() == [-1024, -1024, -1000]
    np.testing.assert_array_equal(volume.hu[:, 1], [[36, 0]] * 3)
    assert volume.warnings == (WRAPPED, PADDED)


def test_padding_of_the_wrong_sign_in_unsigned_values(tmp_path):
    grid = make_grid(rows=2, columns=2, steps_mm=[5, 5])
    edit = store(
        [63536, 31768, 32828, 32768],
        signed=False,
        PixelPaddingValue=("SS", -2000),
        RescaleIntercept=("DS", "-32768"),
    )
    write_series(tmp_path, np.zeros(grid.shape), grid, edit=edit)
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, [[[-1024, -1000], [60, 0]]] * 3)
    assert volume.warnings == (PADDED,)


def test_padding_with_a_value_of_tissue_is_honoured_only_from_the_border(tmp_path):
    grid = make_grid(rows=5, columns=5, steps_mm=[5, 5])
    image = np.full((5, 5), 30)
    image[0, :] = image[1, 1] = 0  # the margin
    image[3, 3] = 0  # cerebrospinal fluid of 0 HU
    hu = np.stack([image] * 3).astype(np.int16)
    tags = set_tags(PixelPaddingValue=0)
    write_series(tmp_path, hu, grid, intercept=0, edit=tags)
    expected = image.copy()
    expected[0, :] = expected[1, 1] = -1024
    np.testing.assert_array_equal(read_ct(tmp_path).hu[0], expected)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"], ids=["implicit", "explicit"])
@pytest.mark.parametrize("with_meta", [True, False])
def test_a_file_without_preamble_is_still_dicom(tmp_path, a_grid, an_hu_volume, syntax, with_meta):
    for path in write_series(tmp_path, an_hu_volume, a_grid, names="IM{}".format):
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.preamble = None
        if not with_meta:
            del dataset.file_meta
        implicit = syntax == "1.2.840.10008.1.2"
        dataset.save_as(path, enforce_file_format=False, implicit_vr=implicit, little_endian=True)
        assert path.read_bytes()[:2] == (b"\x02\x00" if with_meta else b"\x08\x00")
    np.testing.assert_array_equal(read_ct(tmp_path).hu, an_hu_volume)


def test_lossy_compression_is_said(tmp_path):
    lossy = message("io.lossy")
    grid = make_grid(rows=64, columns=80, steps_mm=[5, 5])
    hu = coded_hu(grid.shape)
    jpeg_2000 = "1.2.840.10008.1.2.4.91"
    paths = write_series(tmp_path / "a", hu, grid)
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.compress(jpeg_2000, j2k_cr=[4], generate_instance_uid=False)
        dataset.save_as(path)
    assert lossy in read_ct(tmp_path / "a").warnings
    dataset = pydicom.dcmread(paths[1])
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.LossyImageCompression = "00"
        dataset.save_as(path)
    assert lossy not in read_ct(tmp_path / "a").warnings
    write_series(tmp_path / "b", hu, grid, edit=set_tags(LossyImageCompression="01"))
    assert lossy in read_ct(tmp_path / "b").warnings
    write_series(tmp_path / "c", hu, grid, compress="1.2.840.10008.1.2.4.90")
    assert lossy not in read_ct(tmp_path / "c").warnings


@pytest.mark.parametrize("name", ["stray.dcm", "IM0007"])
def test_an_empty_file_is_left_out_and_said(tmp_path, a_grid, an_hu_volume, name):
    write_series(tmp_path, an_hu_volume, a_grid)
    (tmp_path / name).touch()
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.warnings == (message("io.empty_files_left_out", count=1, names=name),)


@pytest.mark.parametrize("offset_mm", [(0, 0, 60), (0, 30, 60), (0, 0, -60), (0, -40, -90)])
def test_a_stray_slice_does_not_tilt_the_stack(tmp_path, offset_mm):
    grid = make_grid(steps_mm=[5.0] * 7)
    write_series(tmp_path, coded_hu(grid.shape), grid)
    above = offset_mm[2] > 0
    place = grid.positions_mm[[-1 if above else 0]] + np.array(offset_mm)
    stray = SliceGrid((1, 8, 6), place, grid.orientation, grid.spacing_mm)
    write_series(
        tmp_path, coded_hu(stray.shape), stray, names="stray{}".format, edit=set_tags(InstanceNumber=9 * above)
    )
    volume = read_ct(tmp_path)
    assert volume.grid.tilt_deg == pytest.approx(0, abs=1e-9)
    assert [warning.code for warning in volume.warnings] == ["io.gaps"]


@pytest.mark.parametrize("aside_mm", [0.0, 25.0])
def test_a_slice_that_lies_aside_is_named(tmp_path, aside_mm):
    grid = make_grid(tilt_deg=18.5)
    positions = grid.positions_mm.copy()
    positions[3] += (aside_mm, 0, 0)
    shifted = SliceGrid(grid.shape, positions, grid.orientation, grid.spacing_mm)
    write_series(tmp_path, coded_hu(grid.shape), shifted)
    warned = [warning for warning in read_ct(tmp_path).warnings if warning.code == "io.aside"]
    expected = [message("io.aside", aside_mm=25.0, slices="4, 5")] if aside_mm else []
    assert warned == expected
