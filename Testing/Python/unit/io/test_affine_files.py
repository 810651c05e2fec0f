# SPDX-License-Identifier: Apache-2.0
"""NIfTI, NRRD and MHA: geometry, values, refusals."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK
from builders.affine_files import AXIS_ORDERS, in_axis_order, write_nifti, write_nrrd
from builders.dicom import truncate, write_series
from builders.grids import coded_hu, make_grid
from scipy.spatial.transform import Rotation

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.source import from_storage_order, nearest_axes, to_storage_order
from ICHSegmentationLib.io.reader import read_ct


@pytest.fixture
def a_tilted_grid():
    return make_grid(tilt_deg=15, oblique_deg=(4, -6, 9), spacing_mm=(0.7, 0.5), steps_mm=[3.0] * 6)


@pytest.fixture
def an_hu_volume(a_tilted_grid):
    return coded_hu(a_tilted_grid.shape)


def stored(volume):
    """The (i, j, k) array of a (slices, rows, columns) volume in the plain order."""
    return np.ascontiguousarray(volume.transpose(2, 1, 0))


def refusal(path, **options):
    with pytest.raises(InputError) as caught:
        read_ct(path, **options)
    return caught.value.args[0]


@pytest.mark.parametrize(("order", "flips"), AXIS_ORDERS)
def test_every_axis_order_reads_to_the_same_places_and_is_written_back(
    tmp_path, a_tilted_grid, an_hu_volume, order, flips
):
    array, affine = in_axis_order(an_hu_volume, a_tilted_grid.affine_ras, order, flips)
    volume = read_ct(write_nifti(tmp_path / "ct.nii", array, affine))
    assert volume.hu.shape == an_hu_volume.shape
    indices = np.stack(np.indices(volume.grid.shape), axis=-1)
    ras = volume.grid.points_mm(indices) * [-1, -1, 1]
    inverse = np.linalg.inv(a_tilted_grid.affine_ras)
    there = ras @ inverse[:3, :3].T + inverse[:3, 3]
    np.testing.assert_allclose(there, np.rint(there), atol=1e-4)
    column, row, number = np.rint(there).astype(int).T
    np.testing.assert_array_equal(volume.hu, an_hu_volume[number.T, row.T, column.T])
    assert volume.grid.tilt_deg == pytest.approx(15, abs=1e-4)
    np.testing.assert_allclose(volume.grid.voxel_volumes_mm3, a_tilted_grid.voxel_volumes_mm3, rtol=1e-5)
    np.testing.assert_array_equal(to_storage_order(volume.hu, volume.source), array)
    np.testing.assert_array_equal(from_storage_order(array, volume.source), volume.hu)
    np.testing.assert_allclose(volume.source.file_affine, affine, atol=1e-4)


@pytest.mark.parametrize(("letters", "axes"), [("LPS", (2, 1, 0)), ("PIR", (1, 0, 2)), ("SLA", (0, 2, 1))])
def test_the_axes_nearest_to_the_bodys_are_slices_rows_and_columns(letters, axes):
    orientation = nibabel.orientations.axcodes2ornt(letters)
    affine = nibabel.orientations.inv_ornt_aff(orientation, (9, 9, 9))
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_euler("xyz", (20, -15, 10), degrees=True).as_matrix()
    assert nearest_axes(np.linalg.inv(affine)) == axes
    assert nearest_axes(turned @ np.linalg.inv(affine)) == axes


@pytest.mark.parametrize(("order", "flips"), AXIS_ORDERS[::7])
def test_nrrd_in_other_axis_orders_agrees_with_nifti(tmp_path, a_tilted_grid, an_hu_volume, order, flips):
    array, affine = in_axis_order(an_hu_volume, a_tilted_grid.affine_ras, order, flips)
    nifti = read_ct(write_nifti(tmp_path / "ct.nii.gz", array, affine))
    nrrd = read_ct(write_nrrd(tmp_path / "ct.nrrd", array, affine))
    assert nrrd.grid.matches(nifti.grid, tolerance_mm=1e-3)  # an sform is float32
    np.testing.assert_array_equal(nrrd.hu, nifti.hu)
    assert nrrd.source.storage_axes == nifti.source.storage_axes
    assert (nrrd.source.kind, nifti.source.kind) == ("nrrd", "nifti")


def test_dicom_nifti_nrrd_and_mha_agree(tmp_path, a_tilted_grid, an_hu_volume):
    write_series(tmp_path / "dicom", an_hu_volume, a_tilted_grid)
    affine = a_tilted_grid.affine_ras
    write_nrrd(tmp_path / "ct.nrrd", stored(an_hu_volume), affine, space="right-anterior-superior")
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(tmp_path / "ct.nrrd")), str(tmp_path / "ct.mha"))
    volumes = [
        read_ct(tmp_path / "dicom"),
        read_ct(write_nifti(tmp_path / "ct.nii.gz", stored(an_hu_volume), affine)),
        read_ct(tmp_path / "ct.nrrd"),
        read_ct(tmp_path / "ct.mha"),
    ]
    assert [volume.source.kind for volume in volumes] == ["dicom", "nifti", "nrrd", "mha"]
    for volume in volumes:
        assert volume.grid.matches(a_tilted_grid, tolerance_mm=1e-3)
        np.testing.assert_array_equal(volume.hu, an_hu_volume)
        assert volume.warnings[0] == message("io.tilted", tilt_deg=15)


def test_nifti_as_header_and_image_files(tmp_path, a_tilted_grid, an_hu_volume):
    nibabel.save(nibabel.Nifti1Pair(stored(an_hu_volume), a_tilted_grid.affine_ras), tmp_path / "ct.hdr")
    np.testing.assert_array_equal(read_ct(str(tmp_path / "ct.hdr")).hu, an_hu_volume)
    nibabel.save(nibabel.AnalyzeImage(stored(an_hu_volume), a_tilted_grid.affine_ras), tmp_path / "old.hdr")
    assert refusal(tmp_path / "old.hdr") == message("io.analyze_file", path=tmp_path / "old.hdr")


def test_a_folder_with_one_volume_file_is_read_and_with_two_refused(tmp_path, a_tilted_grid, an_hu_volume):
    write_nifti(tmp_path / "a.nii", stored(an_hu_volume), a_tilted_grid.affine_ras)
    assert read_ct(tmp_path).source.files == (tmp_path / "a.nii",)
    write_nifti(tmp_path / "b.nii", stored(an_hu_volume), a_tilted_grid.affine_ras)
    assert refusal(tmp_path) == message("io.several_volumes", count=2, names="a.nii, b.nii")


def test_a_volume_file_beside_dicom_files_is_left_out_and_said(tmp_path, a_tilted_grid, an_hu_volume):
    write_series(tmp_path, an_hu_volume, a_tilted_grid)
    assert "io.only_dicom_read" not in [warning.code for warning in read_ct(tmp_path).warnings]
    write_nifti(tmp_path / "other.nii.gz", stored(an_hu_volume + 1), a_tilted_grid.affine_ras)
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.warnings[-1] == message("io.only_dicom_read", names="other.nii.gz")


def test_sform_goes_before_qform_and_a_difference_is_said(tmp_path):
    grid = make_grid()
    image = nibabel.Nifti1Image(stored(coded_hu(grid.shape)), grid.affine_ras)
    moved = grid.affine_ras.copy()
    moved[2, 3] += 12
    image.set_sform(grid.affine_ras, code=1)
    image.set_qform(moved, code=1)
    nibabel.save(image, tmp_path / "ct.nii")
    volume = read_ct(tmp_path / "ct.nii")
    assert volume.grid.matches(grid, tolerance_mm=1e-3)
    assert volume.warnings == (message("io.forms_differ", difference_mm=12),)


def test_an_sform_of_another_voxel_size_than_pixdim_is_said(tmp_path):
    grid = make_grid()
    path = write_nifti(tmp_path / "ct.nii", stored(coded_hu(grid.shape)), grid.affine_ras)
    content = bytearray(path.read_bytes())
    content[80:92] = np.array([0.5, 0.5, 2.5], dtype="<f4").tobytes()
    path.write_bytes(content)
    volume = read_ct(path)
    assert volume.grid.matches(grid, tolerance_mm=1e-3)
    assert volume.warnings == (message("io.voxel_sizes_differ", sform="0.5 x 0.5 x 5", pixdim="0.5 x 0.5 x 2.5"),)


def test_qform_is_used_where_there_is_no_sform(tmp_path):
    grid = make_grid(oblique_deg=(5, 4, 3))
    image = nibabel.Nifti1Image(stored(coded_hu(grid.shape)), None)
    image.set_sform(None, code=0)
    image.set_qform(grid.affine_ras, code=1)
    nibabel.save(image, tmp_path / "ct.nii")
    volume = read_ct(tmp_path / "ct.nii")
    assert volume.grid.matches(grid, tolerance_mm=1e-3)
    assert volume.warnings == ()


def test_neither_form_is_said(tmp_path):
    image = nibabel.Nifti1Image(stored(coded_hu((5, 8, 6))), None)
    image.header.set_zooms((0.5, 0.5, 5.0))
    image.set_sform(None, code=0)
    image.set_qform(None, code=0)
    nibabel.save(image, tmp_path / "ct.nii")
    volume = read_ct(tmp_path / "ct.nii")
    assert volume.grid.spacing_mm == (0.5, 0.5)
    assert volume.grid.distinct_steps() == [5.0]
    assert volume.warnings == (message("io.no_form"),)


def test_units_of_metres_and_microns(tmp_path):
    grid = make_grid()
    for unit, factor in (("meter", 1e-3), ("micron", 1e3)):
        image = nibabel.Nifti1Image(
            stored(coded_hu(grid.shape)), np.diag([factor, factor, factor, 1]) @ grid.affine_ras
        )
        image.header.set_xyzt_units(unit)
        nibabel.save(image, tmp_path / f"{unit}.nii")
        assert read_ct(tmp_path / f"{unit}.nii").grid.matches(grid, tolerance_mm=1e-3)


def test_scaling_and_float_values_are_rounded_to_hu(tmp_path):
    grid = make_grid(rows=2, columns=1, steps_mm=[5, 5])
    image = nibabel.Nifti1Image(np.array([[[-2000, 0, 1], [2, 3, 4]]], dtype=np.int16), grid.affine_ras)
    image.header.set_slope_inter(0.5, 10)
    image.header.set_data_dtype(np.int16)
    # Written as stored integers with scl_slope and scl_inter.
    raw = np.array([[[-2000, 0, 1], [2, 3, 4]]], dtype=np.int16)
    path = tmp_path / "scaled.nii"
    nibabel.save(nibabel.Nifti1Image(raw, grid.affine_ras), path)
    content = bytearray(path.read_bytes())
    content[112:120] = np.array([0.5, 10], dtype="<f4").tobytes()
    path.write_bytes(bytes(content))
    np.testing.assert_array_equal(read_ct(path).hu[:, :, 0], [[-990, 11], [10, 12], [10, 12]])
    values = np.array([[[-1000.4, 0.6, np.nan], [-3024.0, 1e9, 36.49]]], dtype=np.float32)
    volume = read_ct(write_nifti(tmp_path / "float.nii", values, grid.affine_ras))
    np.testing.assert_array_equal(volume.hu[:, :, 0], [[-1000, -1024], [1, 32767], [-1024, 36]])
    assert volume.warnings == (
        message("io.missing_numbers", voxels=1),
        message("io.padding"),
    )


def test_one_volume_in_four_dimensions_is_read_and_two_are_refused(tmp_path, a_tilted_grid, an_hu_volume):
    array = stored(an_hu_volume)
    one = read_ct(write_nifti(tmp_path / "one.nii", array[..., None], a_tilted_grid.affine_ras))
    np.testing.assert_array_equal(one.hu, an_hu_volume)
    path = write_nifti(tmp_path / "two.nii", np.stack([array] * 2, axis=-1), a_tilted_grid.affine_ras)
    assert refusal(path) == message("io.not_one_volume", path=path, shape=(6, 8, 7, 2))


@pytest.mark.parametrize("suffix", ["nii.gz", "mha"])
def test_greys_need_a_window(tmp_path, suffix):
    grid = make_grid(rows=2, columns=2, steps_mm=[5, 5])
    greys = np.array([0, 51, 102, 255], dtype=np.uint8).reshape(2, 2)
    path = tmp_path / f"greys.{suffix}"
    if suffix == "mha":
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.stack([greys] * 3)), str(path))
    else:
        write_nifti(path, stored(np.stack([greys] * 3)), grid.affine_ras)
    assert refusal(path) == message("io.greys_not_hu", path=path, low=0, high=255)
    volume = read_ct(path, grey_window=(-20, 80))
    np.testing.assert_array_equal(volume.hu[0], [[-1000, 0], [20, 1000]])
    assert volume.warnings[-1] == message("io.greys_mapped", low=-20, high=80)
    assert refusal(path, grey_window=(80, 0)) == message("io.empty_grey_window", low=80, high=0)


def test_fractions_are_greys_too(tmp_path):
    grid = make_grid(rows=2, columns=1, steps_mm=[5, 5])
    values = np.linspace(0, 1, 6, dtype=np.float32).reshape(1, 2, 3)
    path = write_nifti(tmp_path / "unit.nii", values, grid.affine_ras)
    assert refusal(path) == message("io.greys_not_hu", path=path, low=0, high=1)
    hu = read_ct(path, grey_window=(0, 100)).hu
    np.testing.assert_array_equal(hu[:, :, 0], [[-1000, 60], [20, 80], [40, 1000]])


@pytest.mark.parametrize(("stray", "values"), [(-1, (-1, 255)), (258, (0, 258))])
def test_one_stray_value_does_not_make_greys_hu(tmp_path, stray, values):
    grid = make_grid(rows=20, columns=20, steps_mm=[5] * 4)
    greys = np.resize(np.arange(256, dtype=np.int16), grid.shape)
    greys[2, 3, 4] = stray
    path = write_nifti(tmp_path / "greys.nii", stored(greys), grid.affine_ras)
    assert refusal(path) == message("io.greys_not_hu", path=path, low=values[0], high=values[1])
    assert read_ct(path, grey_window=(0, 255)).hu[2, 3, 4] == (-1000 if stray < 0 else 1000)


def test_hu_of_a_brain_without_its_skull_are_no_greys(tmp_path):
    grid = make_grid(rows=20, columns=20, steps_mm=[5] * 4)
    hu = np.full(grid.shape, 30, dtype=np.int16)
    hu[2, 3, 4] = -40
    path = write_nifti(tmp_path / "brain.nii", stored(hu), grid.affine_ras)
    np.testing.assert_array_equal(read_ct(path).hu, hu)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_voxels_without_a_number_are_padding_and_said_and_a_file_of_them_is_refused(tmp_path, value):
    grid = make_grid(rows=20, columns=20, steps_mm=[5] * 4)
    values = coded_hu(grid.shape).astype(np.float32)
    values[1, 2, 3:5] = value
    hu = read_ct(write_nifti(tmp_path / "ct.nii", stored(values), grid.affine_ras))
    assert hu.hu[1, 2].tolist() == [*values[1, 2, :3], -1024, -1024, *values[1, 2, 5:]]
    assert hu.warnings == (message("io.missing_numbers", voxels=2),)
    path = write_nifti(tmp_path / "none.nii", np.full_like(values, value), grid.affine_ras)
    assert refusal(path) == message("io.no_numbers", path=path)


def test_a_grey_window_on_hu_is_refused(tmp_path, a_tilted_grid, an_hu_volume):
    path = write_nifti(tmp_path / "ct.nii", stored(an_hu_volume), a_tilted_grid.affine_ras)
    assert refusal(path, grey_window=(0, 80)).code == "io.hu_not_greys"


def test_values_without_air_are_said(tmp_path, a_tilted_grid, an_hu_volume):
    path = write_nifti(tmp_path / "ct.nii", stored(an_hu_volume + 1024), a_tilted_grid.affine_ras)
    assert read_ct(path).warnings[-1] == message("io.no_air", low=24)


def test_colours_few_slices_and_lost_directions_are_refused(tmp_path):
    grid = make_grid()
    rgb = np.zeros((6, 8, 5), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    path = write_nifti(tmp_path / "rgb.nii", rgb, grid.affine_ras)
    assert refusal(path) == message("io.not_single_numbers", path=path)
    SimpleITK.WriteImage(SimpleITK.Image([4, 4, 4], SimpleITK.sitkVectorUInt8, 3), str(tmp_path / "rgb.mha"))
    assert refusal(tmp_path / "rgb.mha") == message("io.not_single_numbers", path=tmp_path / "rgb.mha")
    path = write_nifti(tmp_path / "two.nii", stored(coded_hu((2, 8, 6))), grid.affine_ras)
    assert refusal(path) == message("io.too_few_slices", path=path, slices=2, minimum=3)
    path = write_nifti(tmp_path / "image.nii", np.zeros((6, 8), dtype=np.int16), grid.affine_ras)
    assert refusal(path) == message("io.not_one_volume", path=path, shape=(6, 8))
    flat = grid.affine_ras.copy()
    flat[:, 2] = flat[:, 1]
    path = write_nifti(tmp_path / "flat.nii", stored(coded_hu(grid.shape)), flat)
    assert refusal(path) == message("io.singular_affine", path=path)


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd"])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.95])
def test_truncated_files_are_named(tmp_path, a_tilted_grid, name, fraction):
    noise = np.random.default_rng(0).integers(-1000, 1000, (6, 40, 30)).astype(np.int16)
    path = tmp_path / name
    (write_nrrd if name.endswith("nrrd") else write_nifti)(path, noise, a_tilted_grid.affine_ras)
    truncate(path, fraction)
    assert refusal(path).parameters["path"] == path


@pytest.mark.parametrize("from_end", [1, 6, 30, 3000])
def test_a_changed_byte_of_a_compressed_file_is_named(tmp_path, a_tilted_grid, from_end):
    noise = np.random.default_rng(0).integers(-1000, 1000, (6, 40, 30)).astype(np.int16)
    path = write_nifti(tmp_path / "ct.nii.gz", noise, a_tilted_grid.affine_ras)
    content = bytearray(path.read_bytes())
    content[-from_end] ^= 0x10
    path.write_bytes(content)
    assert refusal(path) == message("io.damaged_as", path=path, file_format="NIfTI")


def test_a_series_cannot_be_chosen_in_a_file(tmp_path, a_tilted_grid, an_hu_volume):
    path = write_nifti(tmp_path / "ct.nii", stored(an_hu_volume), a_tilted_grid.affine_ras)
    assert refusal(path, series="1") == message("io.series_of_no_dicom", path=path)


def test_nrrd_without_a_space_is_said(tmp_path):
    path = tmp_path / "plain.nrrd"
    header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 6 8 5\nspacings: 0.5 0.5 5\nendian: little\nencoding: raw\n\n"
    path.write_bytes(header.encode() + coded_hu((5, 8, 6)).astype("<i2").tobytes())
    volume = read_ct(path)
    assert volume.grid.distinct_steps() == [5.0]
    assert volume.warnings == (message("io.no_space"),)


def write_plain_nrrd(path, spacing="", shape=(5, 8, 6)):
    """A NRRD file without a space."""
    sizes = " ".join(str(size) for size in reversed(shape))
    header = f"NRRD0004\ntype: short\ndimension: 3\nsizes: {sizes}\n{spacing}endian: little\nencoding: raw\n\n"
    path.write_bytes(header.encode() + coded_hu(shape).astype("<i2").tobytes())
    return path


def write_formless_nifti(path, pixdim, *, qform_code=0):
    image = nibabel.Nifti1Image(stored(coded_hu((5, 8, 6))), None)
    image.set_sform(None, code=0)
    image.set_qform(None, code=0)
    nibabel.save(image, path)
    content = bytearray(path.read_bytes())
    content[80:92] = np.array(pixdim, dtype="<f4").tobytes()
    content[252:254] = np.array([qform_code], dtype="<i2").tobytes()
    path.write_bytes(content)
    return path


def write_plain_mha(path, spacing=""):
    header = f"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n{spacing}"
    header += "DimSize = 6 8 5\nElementType = MET_SHORT\nElementDataFile = LOCAL\n"
    path.write_bytes(header.encode() + coded_hu((5, 8, 6)).astype("<i2").tobytes())
    return path


UNKNOWN_SIZE = {
    "nrrd": lambda folder: write_plain_nrrd(folder / "ct.nrrd"),
    "nrrd of nan": lambda folder: write_plain_nrrd(folder / "ct.nrrd", "spacings: nan nan nan\n"),
    "nrrd without one": lambda folder: write_plain_nrrd(folder / "ct.nrrd", "spacings: 0.5 0.5 nan\n"),
    "nifti": lambda folder: write_formless_nifti(folder / "ct.nii", (0, 0, 0)),
    "nifti without one": lambda folder: write_formless_nifti(folder / "ct.nii", (0.5, 0.5, 0)),
    "nifti of nan": lambda folder: write_formless_nifti(folder / "ct.nii", (0.5, np.nan, 5)),
    "nifti with qform": lambda folder: write_formless_nifti(folder / "ct.nii", (0.5, 0.5, 0), qform_code=1),
    "mha": lambda folder: write_plain_mha(folder / "ct.mha"),
}


@pytest.mark.parametrize("write", UNKNOWN_SIZE.values(), ids=UNKNOWN_SIZE.keys())
def test_an_unknown_voxel_size_is_refused_and_may_be_stated(tmp_path, write, caplog):
    path = write(tmp_path)
    assert refusal(path) == message("io.no_spacing", path=path)
    assert caplog.text == ""
    volume = read_ct(path, spacing_mm=(0.47, 0.45, 5))
    np.testing.assert_array_equal(volume.hu, coded_hu((5, 8, 6)))
    assert volume.grid.spacing_mm == pytest.approx((0.45, 0.47))
    np.testing.assert_allclose(volume.grid.voxel_volumes_mm3, 0.47 * 0.45 * 5)


STATED_SIZE = {
    "nrrd": lambda folder: write_plain_nrrd(folder / "ct.nrrd", "spacings: 0.5 0.5 5\n"),
    "nifti": lambda folder: write_formless_nifti(folder / "ct.nii", (0.5, 0.5, 5)),
    "mha": lambda folder: write_plain_mha(folder / "ct.mha", "ElementSpacing = 0.5 0.5 5\n"),
    "mha by ElementSize": lambda folder: write_plain_mha(folder / "ct.mha", "ElementSize = 0.5 0.5 5\n"),
}


@pytest.mark.parametrize("write", STATED_SIZE.values(), ids=STATED_SIZE.keys())
def test_a_stated_voxel_size_is_used_and_not_replaced(tmp_path, write):
    path = write(tmp_path)
    np.testing.assert_allclose(read_ct(path).grid.voxel_volumes_mm3, 0.5 * 0.5 * 5)
    assert refusal(path, spacing_mm=(1, 1, 1)) == message("io.spacing_is_stated", path=path)


@pytest.mark.parametrize("given", [(0, 1, 1), (1, 1, -5), (1, 1, np.nan), (1, 1, 100)])
def test_a_voxel_size_that_makes_no_sense_is_refused(tmp_path, given):
    path = write_plain_nrrd(tmp_path / "ct.nrrd")
    assert refusal(path, spacing_mm=given) == message("io.given_spacing_out_of_range", low=0.01, high=50)


def test_a_voxel_size_is_not_for_dicom(tmp_path, a_tilted_grid, an_hu_volume):
    write_series(tmp_path, an_hu_volume, a_tilted_grid)
    assert refusal(tmp_path, spacing_mm=(1, 1, 1)) == message("io.spacing_for_dicom")


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize(("name", "wrong"), [("ct.nii", "ct.nii.gz"), ("ct.nii.gz", "ct.nii")])
def test_compression_is_told_by_content(tmp_path, a_tilted_grid, an_hu_volume, kind, name, wrong):
    nibabel.save(kind(stored(an_hu_volume), a_tilted_grid.affine_ras), tmp_path / name)
    path = (tmp_path / name).rename(tmp_path / wrong)
    volume = read_ct(path)
    np.testing.assert_array_equal(volume.hu, an_hu_volume)
    assert volume.grid.matches(a_tilted_grid, tolerance_mm=1e-3)
    truncate(path, 0.7)
    assert refusal(path) == message("io.damaged_as", path=path, file_format="NIfTI")


@pytest.mark.parametrize("name", ["ct.nii.gz", "ct.nii"])
def test_a_compressed_file_that_holds_more_than_it_states_is_refused(
    tmp_path, a_tilted_grid, an_hu_volume, name, monkeypatch
):
    monkeypatch.setattr("ICHSegmentationLib.io.volumes.nifti_file._SLACK_BYTES", 1 << 20)
    plain = write_nifti(tmp_path / "plain.nii", stored(an_hu_volume), a_tilted_grid.affine_ras)
    path = tmp_path / name
    path.write_bytes(gzip.compress(plain.read_bytes() + bytes(3 << 20)))
    assert refusal(path) == message("io.longer_than_stated", path=path)


@pytest.mark.parametrize("kind", ["nii", "nrrd"])
def test_too_many_voxels_are_refused_from_the_header(tmp_path, kind):
    path = tmp_path / f"ct.{kind}"
    if kind == "nrrd":
        header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 2048 2048 1024\nspacings: 1 1 1\n"
        path.write_bytes(f"{header}endian: little\nencoding: raw\n\n".encode())
        sizes = "2048 x 2048 x 1024"
    else:
        header = nibabel.Nifti1Header()
        header.set_data_dtype(np.uint8)
        header.set_data_shape((32767, 32767, 32767))
        path.write_bytes(header.binaryblock + bytes(4))
        sizes = "32767 x 32767 x 32767"
    assert refusal(path) == message("io.too_many_voxels", path=path, sizes=sizes, limit_gib=2)


def test_too_many_slices_long_stacks_and_far_positions_are_refused(tmp_path):
    hu = np.zeros((2, 2, 2001), dtype=np.int16)
    path = write_nifti(tmp_path / "many.nii", hu - 1000, np.diag([1.0, 1, 0.5, 1]))
    assert refusal(path) == message("io.too_many_slices", path=path, slices=2001, maximum=2000)
    path = write_nifti(tmp_path / "long.nii", hu[..., :402] - 1000, np.diag([1.0, 1, 5, 1]))
    assert refusal(path) == message("io.stack_too_long", path=path, length_mm=2005, maximum_mm=2000)
    assert read_ct(write_nifti(tmp_path / "ok.nii", hu[..., :2000] - 1000, np.diag([1.0, 1, 1, 1]))).hu.shape[0] == 2000
    far = np.diag([1.0, 1, 5, 1])
    far[2, 3] = 1e30
    path = write_nifti(tmp_path / "far.nii", hu[..., :5] - 1000, far)
    assert refusal(path) == message("io.position_out_of_range", path=path)
    path = write_nifti(tmp_path / "wide.nii", hu[..., :5] - 1000, np.diag([60.0, 1, 5, 1]))
    assert refusal(path) == message("io.spacing_out_of_range", path=path, low=0.01, high=50)
