# SPDX-License-Identifier: Apache-2.0
"""What cannot be placed in space or is not CT is refused with one sentence that names the file or the tag."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from builders.dicom import truncate, write_enhanced, write_localizer, write_other, write_screenshot, write_series
from builders.grids import coded_hu, make_grid

from ICHSegmentationLib.core.errors import InputError, SeveralSeriesError, UnusableSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.reader import read_ct


@pytest.fixture
def a_grid():
    return make_grid()


def write(folder, grid, **options):
    return write_series(folder, coded_hu(grid.shape), grid, **options)


def refusal(path, **options):
    with pytest.raises(InputError) as caught:
        read_ct(path, **options)
    assert caught.type is (UnusableSeriesError if caught.value.code == "io.some_slices_lack" else InputError)
    assert "SECRET" not in str(caught.value).upper()
    return caught.value.args[0]


def test_not_ct(tmp_path):
    path = write_other(tmp_path / "mr.dcm", sop_class="1.2.840.10008.5.1.4.1.1.4", modality="MR")
    assert refusal(tmp_path) == message("io.not_ct", path=path, modality="MR")


@pytest.mark.parametrize("colour", [True, False])
def test_secondary_capture(tmp_path, colour):
    path = write_screenshot(tmp_path / "shot.dcm", colour=colour)
    assert refusal(tmp_path) == message("io.screenshot", path=path)


def test_colour_image_that_calls_itself_ct(tmp_path):
    path = write_screenshot(tmp_path / "shot.dcm", sop_class="1.2.840.10008.5.1.4.1.1.2")
    assert refusal(tmp_path) == message("io.screenshot", path=path)


def test_palette_colours(tmp_path, a_grid):
    write(tmp_path, a_grid, edit=lambda dataset, _: setattr(dataset, "PhotometricInterpretation", "PALETTE COLOR"))
    assert refusal(tmp_path).code == "io.screenshot"


def test_only_a_localizer(tmp_path):
    write_localizer(tmp_path / "scout.dcm")
    assert refusal(tmp_path) == message("io.only_localizers", path=tmp_path / "scout.dcm")


def test_fewer_than_three_slices(tmp_path):
    grid = make_grid(steps_mm=[5.0])
    write(tmp_path, grid)
    path = tmp_path / "000.dcm"
    assert refusal(tmp_path) == message("io.too_few_files", path=path, slices=2, minimum=3)
    assert refusal(path) == message("io.too_few_files", path=path, slices=1, minimum=3)


def test_no_pixel_data(tmp_path, a_grid):
    paths = write(tmp_path, a_grid)
    dataset = pydicom.dcmread(paths[2])
    del dataset.PixelData
    dataset.save_as(paths[2])
    assert refusal(tmp_path) == message("io.no_pixels", path=paths[2])


@pytest.mark.parametrize("compress", [None, "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"])
@pytest.mark.parametrize("fraction", [0.9, 0.7])
def test_truncated_pixel_data_names_the_file(tmp_path, compress, fraction):
    grid = make_grid(rows=48, columns=40, steps_mm=[5, 5])
    noise = np.random.default_rng(0).integers(-1000, 1000, grid.shape).astype(np.int16)
    paths = write_series(tmp_path, noise, grid, compress=compress)
    truncate(paths[1], fraction)
    assert refusal(tmp_path).parameters["path"] == paths[1]


@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.2, 0.5])
def test_truncated_header_names_the_file(tmp_path, a_grid, fraction):
    paths = write(tmp_path, a_grid)
    truncate(paths[3], fraction)
    assert refusal(tmp_path).parameters["path"] == paths[3]


def test_garbage_called_dcm_names_the_file(tmp_path, a_grid):
    write(tmp_path, a_grid)
    (tmp_path / "bad.dcm").write_bytes(bytes(range(256)) * 8)
    assert refusal(tmp_path).parameters["path"] == tmp_path / "bad.dcm"


@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("ImagePositionPatient", "(0020,0032)"),
        ("ImageOrientationPatient", "(0020,0037)"),
        ("PixelSpacing", "(0028,0030)"),
        ("SeriesInstanceUID", "(0020,000E)"),
    ],
)
def test_missing_attributes_are_named(tmp_path, a_grid, keyword, tag):
    def edit(dataset, index):
        if index == 1:
            delattr(dataset, keyword)

    paths = write(tmp_path, a_grid, edit=edit)
    code = "io.attribute_missing" if keyword == "SeriesInstanceUID" else "io.geometry_missing"
    assert refusal(tmp_path) == message(code, path=paths[1], attribute=f"{keyword} {tag}")


@pytest.mark.parametrize("lacking", [[2], [0, 1, 2, 3], [4]])
@pytest.mark.parametrize(("keyword", "tag"), [("RescaleIntercept", "(0028,1052)"), ("RescaleSlope", "(0028,1053)")])
def test_hu_that_only_some_slices_state_are_refused(tmp_path, a_grid, keyword, tag, lacking):
    def edit(dataset, index):
        if index in lacking:
            delattr(dataset, keyword)

    paths = write(tmp_path, a_grid, edit=edit)
    assert refusal(tmp_path) == message(
        "io.some_slices_lack", attribute=f"{keyword} {tag}", count=len(lacking), total=5, path=paths[lacking[0]]
    )


def test_frames_of_which_only_some_state_their_hu_are_refused(tmp_path, a_grid):
    def edit(frame, index):
        if index == 3:
            del frame.PixelValueTransformationSequence[0].RescaleIntercept

    path = write_enhanced(tmp_path / "e.dcm", coded_hu(a_grid.shape), a_grid, edit=edit)
    assert refusal(path).code == "io.some_slices_lack"


@pytest.mark.parametrize("lacking", [[2], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("PixelRepresentation", "(0028,0103)"),
        ("BitsAllocated", "(0028,0100)"),
        ("BitsStored", "(0028,0101)"),
        ("SamplesPerPixel", "(0028,0002)"),
        ("PhotometricInterpretation", "(0028,0004)"),
    ],
)
def test_missing_attributes_of_the_pixels_are_named(tmp_path, a_grid, keyword, tag, lacking):
    def edit(dataset, index):
        if index in lacking:
            delattr(dataset, keyword)

    paths = write(tmp_path, a_grid, edit=edit)
    expected = message("io.attribute_missing", path=paths[lacking[0]], attribute=f"{keyword} {tag}")
    assert refusal(tmp_path) == expected


def test_an_empty_file_where_a_slice_is_missing_is_refused(tmp_path):
    grid = make_grid(steps_mm=[5.0] * 9)
    paths = write(tmp_path, grid)
    paths[5].write_bytes(b"")
    assert refusal(tmp_path) == message("io.empty_file_and_gap", path=paths[5])


def test_positions_and_spacings_that_no_scanner_writes_are_refused(tmp_path, a_grid):
    def far(dataset, index):
        if index == 2:
            dataset.ImagePositionPatient = ["0", "0", "1e308"]

    paths = write(tmp_path / "a", a_grid, edit=far)
    assert refusal(tmp_path / "a") == message("io.position_out_of_range", path=paths[2])
    paths = write(tmp_path / "b", a_grid, edit=lambda dataset, _: setattr(dataset, "PixelSpacing", ["1e-9", "0.5"]))
    assert refusal(tmp_path / "b") == message("io.spacing_out_of_range", path=paths[0], low=0.01, high=50)


def test_a_stack_longer_than_a_scanner_is_refused(tmp_path, a_grid):
    def far(dataset, index):
        if index == 4:
            dataset.ImagePositionPatient = ["-60", "-70", "3020"]

    write(tmp_path, a_grid, edit=far)
    refused = refusal(tmp_path)
    assert (refused.code, refused.parameters["length_mm"]) == ("io.stack_too_long", 3000)


def test_too_many_slices_are_refused_before_their_pixels_are_read(tmp_path):
    grid = make_grid(rows=1, columns=1, steps_mm=[0.5] * 2000)
    path = write_enhanced(tmp_path / "e.dcm", coded_hu(grid.shape), grid)
    truncate(path, 0.99)
    assert refusal(path) == message("io.too_many_slices", path=path, slices=2001, maximum=2000)


def test_a_deflated_file_that_would_fill_the_memory_is_refused(tmp_path, a_grid):
    paths = write(tmp_path, a_grid)
    dataset = pydicom.dcmread(paths[0])
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    dataset.save_as(paths[0])
    np.testing.assert_array_equal(read_ct(tmp_path).hu, coded_hu(a_grid.shape))
    dataset.add_new(0x00FE1001, "OB", bytes(70 << 20))
    dataset.save_as(paths[0])
    assert refusal(tmp_path) == message("io.deflated_too_much", path=paths[0])


def test_orientation_without_right_angles(tmp_path, a_grid):
    write(tmp_path, a_grid, edit=lambda d, _: setattr(d, "ImageOrientationPatient", ["1", "0", "0", "1", "0", "0"]))
    assert refusal(tmp_path).code == "io.not_orthonormal"


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("RescaleSlope", "0", "io.slope_zero"),
        ("PixelSpacing", ["0", "0.5"], "io.spacing_not_positive"),
        ("ImagePositionPatient", ["0", "0"], "io.not_numbers"),
    ],
)
def test_values_that_make_no_sense(tmp_path, a_grid, keyword, value, code):
    paths = write(tmp_path, a_grid, edit=lambda dataset, _: setattr(dataset, keyword, value))
    refused = refusal(tmp_path)
    assert (refused.code, refused.parameters["path"]) == (code, paths[0])


def test_mixed_orientations_sizes_and_spacings(tmp_path, a_grid):
    def turn(dataset, index):
        if index == 2:
            dataset.ImageOrientationPatient = ["1", "0", "0", "0", "0", "-1"]

    def widen(dataset, index):
        if index == 2:
            dataset.PixelSpacing = ["0.6", "0.6"]

    write(tmp_path / "a", a_grid, edit=turn)
    write(tmp_path / "b", a_grid, edit=widen)
    assert refusal(tmp_path / "a") == message("io.orientations_differ", first="000.dcm", second="002.dcm")
    assert refusal(tmp_path / "b") == message("io.spacings_differ", first="000.dcm", second="002.dcm")
    write(tmp_path / "c", a_grid)
    bigger = make_grid(rows=16, origin_mm=(-60, -70, 100))
    write_series(tmp_path / "c", coded_hu(bigger.shape), bigger, names="b{}".format)
    assert refusal(tmp_path / "c").code == "io.sizes_differ"


def test_slices_shifted_in_one_plane(tmp_path, a_grid):
    def shift(dataset, index):
        if index == 3:
            dataset.ImagePositionPatient = [dataset.ImagePositionPatient[0] + 30, -70, "30"]

    write(tmp_path, a_grid, edit=shift)
    assert refusal(tmp_path).code == "io.shifted_in_plane"


def test_eight_bit_ct(tmp_path, a_grid):
    write_series(tmp_path, np.full(a_grid.shape, 30), a_grid, intercept=0, dtype=np.uint8)
    assert refusal(tmp_path).code == "io.eight_bits"


def test_frames_and_functional_groups_must_agree(tmp_path, a_grid):
    path = write_enhanced(tmp_path / "e.dcm", coded_hu(a_grid.shape), a_grid)
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames = 4
    dataset.save_as(path)
    assert refusal(path) == message("io.frames_do_not_agree", path=path)


def test_empty_folder_missing_path_and_unknown_file(tmp_path):
    assert refusal(tmp_path) == message("io.nothing_found")
    assert refusal(tmp_path / "nowhere") == message("io.no_file", path=tmp_path / "nowhere")
    (tmp_path / "x.txt").write_text("hello")
    assert refusal(tmp_path / "x.txt") == message("io.unknown_file", path=tmp_path / "x.txt")


def test_grey_window_is_not_for_dicom(tmp_path, a_grid):
    write(tmp_path, a_grid)
    assert refusal(tmp_path, grey_window=(0, 80)) == message("io.grey_window_for_dicom")


@pytest.fixture
def a_folder_of_two_series(tmp_path, a_grid):
    def describe(dataset, _index):
        dataset.SeriesNumber = 3 if dataset.SeriesInstanceUID == "1.2.826.1" else 2
        dataset.SeriesDescription = "Head bone" if dataset.SeriesNumber == 3 else "Head"
        dataset.ConvolutionKernel = "BONE" if dataset.SeriesNumber == 3 else "STANDARD"

    hu = coded_hu(a_grid.shape)
    write_series(tmp_path / "a", hu, a_grid, series_uid="1.2.826.1", edit=describe)
    write_series(tmp_path / "b", hu + 1, a_grid, series_uid="1.2.826.22", edit=describe)
    return tmp_path


def test_several_series_are_listed_with_a_way_to_choose(a_folder_of_two_series):
    with pytest.raises(SeveralSeriesError) as caught:
        read_ct(a_folder_of_two_series)
    assert caught.value.series == (
        ("1.2.826.22", "series 2, 5 slices of 8 x 6, 5 mm, kernel STANDARD"),
        ("1.2.826.1", "series 3, 5 slices of 8 x 6, 5 mm, kernel BONE"),
    )
    assert caught.value.code == "io.several_series"
    assert caught.value.parameters["count"] == 2
    assert "1: series 2, 5 slices" in str(caught.value)
    assert "Head" not in str(caught.value)  # a free text, which may name the patient


@pytest.mark.parametrize(
    ("choice", "lowest"), [("1", -999), ("2", -1000), ("1.2.826.1", -1000), ("1.2.826.22", -999), ("1.2.826.2", -999)]
)
def test_a_series_is_chosen_by_number_uid_or_beginning(a_folder_of_two_series, choice, lowest):
    assert read_ct(a_folder_of_two_series, series=choice).hu.min() == lowest


@pytest.mark.parametrize(
    ("choice", "code"), [("3", "no_series_fits"), ("1.2.826", "several_series_fit"), ("", "no_series_fits")]
)
def test_a_choice_that_fits_none_or_several(a_folder_of_two_series, choice, code):
    assert refusal(a_folder_of_two_series, series=choice) == message(f"io.{code}", series=choice, count=2)


def test_a_damaged_file_of_another_series_does_not_matter(a_folder_of_two_series):
    truncate(a_folder_of_two_series / "a" / "002.dcm", 0.97)
    assert read_ct(a_folder_of_two_series, series="1").hu.min() == -999
