# SPDX-License-Identifier: Apache-2.0
"""Several scans under one SeriesInstanceUID are told apart or refused; one scan is never separated."""

from __future__ import annotations

from itertools import count

import numpy as np
import pydicom
import pytest
from builders.affine_files import in_axis_order, write_nifti
from builders.dicom import write_enhanced, write_series
from builders.errors import raises
from builders.grids import coded_hu, make_grid

from ICHSegmentationLib.core.errors import InputError, SeveralSeriesError, UnusableSeriesError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.io.reader import read_ct

pytestmark = pytest.mark.slow

UID = "1.2.826.1"
SLICES = 8


def a_grid(offset_mm=0.0, steps_mm=(5.0,) * (SLICES - 1), **options):
    return make_grid(steps_mm=steps_mm, origin_mm=(-60, -70, 20 + offset_mm), **options)


def tags(values):
    """Header edits that give each slice of a scan the values of a mapping; callables get the slice's index."""

    def edit(dataset, index):
        for keyword, value in values.items():
            setattr(dataset, keyword, value(index) if callable(value) else value)

    return edit


def write_two(folder, first, second, *, offset_mm=2.5, change_hu=500):
    """Two scans of one head in one series, the second ``offset_mm`` higher."""
    for name, values, offset, change in (("a", first, 0.0, 0), ("b", second, offset_mm, change_hu)):
        grid = a_grid(offset)
        write_series(folder, coded_hu(grid.shape) + change, grid, names=f"{name}{{}}".format, edit=tags(values))


def blood_ml(volume, low, high):
    return float(((volume.hu >= low) & (volume.hu < high)).sum(axis=(1, 2)) @ volume.grid.voxel_volumes_mm3) / 1000


TELLING = {
    "StudyInstanceUID": ({"StudyInstanceUID": "1.2.3.4"}, {"StudyInstanceUID": "1.2.3.44"}),
    "FrameOfReferenceUID": ({"FrameOfReferenceUID": "1.2.3.5"}, {"FrameOfReferenceUID": "1.2.3.55"}),
    "AcquisitionNumber": ({"AcquisitionNumber": 1}, {"AcquisitionNumber": 2}),
    "TemporalPositionIdentifier": ({"TemporalPositionIdentifier": 1}, {"TemporalPositionIdentifier": 2}),
    "ContentTime": (
        {"ContentTime": lambda index: f"1200{index:02d}"},
        {"ContentTime": lambda index: f"1210{index:02d}"},
    ),
}


@pytest.mark.parametrize("offset_mm", [0.0, 0.3, -2.5], ids="{} mm".format)
@pytest.mark.parametrize("keyword", TELLING)
def test_two_acquisitions_are_offered_as_two_series(tmp_path, keyword, offset_mm):
    write_two(tmp_path, *TELLING[keyword], offset_mm=offset_mm)
    with pytest.raises(SeveralSeriesError) as caught:
        read_ct(tmp_path)
    line = f"series 2, 8 slices of 8 x 6, 5 mm, acquisition {{}} of 2 by {keyword}"
    assert caught.value.series == ((f"{UID}/1", line.format(1)), (f"{UID}/2", line.format(2)))
    for choice, offset, change in (
        ("1", 0, 0),
        (f"{UID}/1", 0, 0),
        ("2", offset_mm, 500),
        (f"{UID}/2", offset_mm, 500),
    ):
        volume = read_ct(tmp_path, series=choice)
        assert volume.grid.matches(a_grid(offset), tolerance_mm=1e-6)
        np.testing.assert_array_equal(volume.hu, coded_hu(volume.grid.shape) + change)
        assert (volume.source.series_uid, volume.warnings) == (UID, ())
    with raises(SeveralSeriesError, "io.several_series", count=2):
        read_ct(tmp_path, series=UID)


def test_the_first_key_that_tells_is_used_and_the_next_within_its_parts(tmp_path):
    for number, (study, acquisition) in enumerate([("1.1", 1), ("1.1", 2), ("1.2", 1)]):
        grid = a_grid(number)
        values = {"StudyInstanceUID": study, "AcquisitionNumber": acquisition}
        write_series(tmp_path, coded_hu(grid.shape) + number, grid, names=f"{number}{{}}".format, edit=tags(values))
    with pytest.raises(SeveralSeriesError) as caught:
        read_ct(tmp_path)
    assert [line.partition("acquisition ")[2] for _, line in caught.value.series] == [
        "1 of 3 by StudyInstanceUID and AcquisitionNumber",
        "2 of 3 by StudyInstanceUID and AcquisitionNumber",
        "3 of 3 by StudyInstanceUID",
    ]
    assert [read_ct(tmp_path, series=choice).hu.min() for choice in "123"] == [-1000, -999, -998]


def test_rotations_of_two_phases_are_joined_by_phase(tmp_path):
    # Numbers go on through both phases, one for two slices.
    rotation = {"AcquisitionNumber": lambda index: 1 + index // 2}, {"AcquisitionNumber": lambda index: 5 + index // 2}
    write_two(tmp_path, *rotation)
    assert [read_ct(tmp_path, series=choice).hu.min() for choice in "12"] == [-1000, -500]


def test_phases_in_one_multi_frame_file(tmp_path):
    low, high = a_grid(), a_grid(2.5)
    order = np.arange(2 * SLICES).reshape(2, SLICES).T.ravel()
    positions = np.concatenate([low.positions_mm, high.positions_mm])[order]
    hu = np.concatenate([coded_hu(low.shape), coded_hu(low.shape) + 500])[order]
    grid = SliceGrid((2 * SLICES, 8, 6), positions, low.orientation, low.spacing_mm)

    def number(frame, index):
        content = pydicom.Dataset()
        content.TemporalPositionIndex = 1 + index % 2
        frame.FrameContentSequence = [content]

    path = write_enhanced(tmp_path / "e.dcm", hu, grid, edit=number)
    volume = read_ct(path, series="2")
    assert volume.source.frames == tuple(range(2, 17, 2))
    assert volume.grid.matches(high, tolerance_mm=1e-6)
    np.testing.assert_array_equal(volume.hu, coded_hu(low.shape) + 500)


def test_an_acquisition_that_ends_early_is_said(tmp_path):
    write_series(tmp_path, coded_hu((SLICES, 8, 6)), a_grid(), edit=tags({"AcquisitionNumber": 1}))
    short = a_grid(2.5, steps_mm=(5.0,) * 3)
    edit = tags({"AcquisitionNumber": 2})
    write_series(tmp_path, coded_hu(short.shape), short, names="b{}".format, edit=edit)
    assert read_ct(tmp_path, series="1").warnings == ()
    assert read_ct(tmp_path, series="2").warnings == (message("io.part_of_series", percent=100 * 15 / 35),)


WHOLE = {
    "a number for each slice": {"AcquisitionNumber": lambda index: index},
    "numbers downwards": {"AcquisitionNumber": lambda index: 20 - index},
    "a number for each block": {"AcquisitionNumber": lambda index: 1 + index // 4},
    "the upper block first": {"AcquisitionNumber": lambda index: 2 - index // 4},
    "a number in half of the slices": {"AcquisitionNumber": lambda index: None if index < 4 else 2},
    "blocks that overlap by one slice": {"AcquisitionNumber": lambda index: 1 + (index in {3, 5, 6, 7})},
    "times upwards": {"ContentTime": lambda index: f"12{index:02d}00"},
    "times in disorder": {"ContentTime": lambda index: f"12{(0, 4, 1, 5, 2, 6, 3, 7)[index]:02d}00"},
    "one slice of another study": {"StudyInstanceUID": lambda index: "1.2" if index == 3 else "1.1"},
    "a study for each half": {"StudyInstanceUID": lambda index: "1.2" if index < 4 else "1.1"},
    "a patient in one slice only": {"PatientID": lambda index: "X" if index == 3 else ""},
}


@pytest.mark.parametrize("values", WHOLE.values(), ids=WHOLE.keys())
def test_one_scan_stays_whole(tmp_path, values):
    grid = a_grid()
    write_series(tmp_path, coded_hu(grid.shape), grid, edit=tags(values))
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, coded_hu(grid.shape))
    assert volume.warnings == ()


@pytest.mark.parametrize("offset_mm", [0.0, 2.5, 40.0], ids="{} mm".format)
def test_another_patient_under_one_series_is_refused(tmp_path, offset_mm):
    first, second = ({"PatientID": name, "StudyInstanceUID": study} for name, study in (("P1", "1.1"), ("P2", "1.2")))
    write_two(tmp_path, first, second, offset_mm=offset_mm)
    with raises(UnusableSeriesError, "io.patients_differ", first="a0", second="b0") as caught:
        read_ct(tmp_path)
    assert "P1" not in str(caught.value)


def test_another_series_is_read_beside_one_of_two_patients(tmp_path):
    write_two(tmp_path / "mixed", {"PatientID": "P1"}, {"PatientID": "P2"})
    write_series(tmp_path / "good", coded_hu((SLICES, 8, 6)), a_grid(), series_uid="1.2.900")
    np.testing.assert_array_equal(read_ct(tmp_path, series="1.2.900").hu, coded_hu((SLICES, 8, 6)))


NEAR_MM = [0.0, 0.011, 0.02, 0.05, 0.3, 1.0]


@pytest.mark.parametrize(("offset_mm", "tilt_deg"), [*((offset_mm, 0.0) for offset_mm in NEAR_MM), (0.3, 15.0)])
def test_copies_of_slices_are_left_out(tmp_path, offset_mm, tilt_deg):
    numbers = count(1)

    def number(dataset, _index):
        dataset.InstanceNumber = next(numbers)

    grid = a_grid(tilt_deg=tilt_deg)
    moved = SliceGrid(grid.shape, grid.positions_mm + offset_mm * grid.normal, grid.orientation, grid.spacing_mm)
    hu = coded_hu(grid.shape)
    write_series(tmp_path, hu, grid, edit=number)
    write_series(tmp_path, hu, moved, edit=number, names="copy{}".format)
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, hu)
    assert volume.grid.matches(grid, tolerance_mm=1e-6)
    assert blood_ml(volume, -900, -800) == pytest.approx(100 * grid.voxel_volumes_mm3[0] / 1000)
    assert message("io.duplicates_dropped", count=SLICES) in volume.warnings


@pytest.mark.parametrize("offset_mm", [0.0, 0.009])
def test_one_other_image_at_the_place_of_a_slice_is_refused(tmp_path, offset_mm):
    grid = a_grid()
    hu = coded_hu(grid.shape)
    write_series(tmp_path, hu, grid)
    copy = SliceGrid((1, 8, 6), grid.positions_mm[3:4] + np.array([0, 0, offset_mm]), grid.orientation, grid.spacing_mm)
    write_series(tmp_path, hu[3:4] + 1, copy, names="copy{}".format, edit=tags({"InstanceNumber": 9}))
    with raises(UnusableSeriesError, "io.images_at_one_place", first="003.dcm", second="copy0"):
        read_ct(tmp_path)


@pytest.mark.parametrize("offset_mm", NEAR_MM[1:], ids="{} mm".format)
def test_two_scans_that_nothing_tells_apart_are_refused(tmp_path, offset_mm):
    write_two(tmp_path, {}, {}, offset_mm=offset_mm)
    with raises(UnusableSeriesError, "io.scans_interleave", first="a2", second="b2"):
        read_ct(tmp_path)


def test_a_copy_with_another_intercept_is_another_image(tmp_path):
    grid = a_grid()
    hu = coded_hu(grid.shape)
    write_series(tmp_path, hu, grid)
    write_series(tmp_path, hu, grid, names="b{}".format, edit=tags({"RescaleIntercept": "0"}))
    with raises(UnusableSeriesError, "io.images_at_one_place"):
        read_ct(tmp_path)


@pytest.mark.parametrize(
    "steps_mm", [[5.0] * 4 + [1.0] + [5.0] * 4, [5.0] * 4 + [1.0] * 3 + [5.0] * 4, [1.25] * 6 + [5.0] * 6]
)
def test_near_slices_of_one_scan_are_kept(tmp_path, steps_mm):
    grid = make_grid(steps_mm=steps_mm)
    write_series(tmp_path, coded_hu(grid.shape), grid)
    volume = read_ct(tmp_path)
    assert volume.grid.matches(grid, tolerance_mm=1e-6)
    np.testing.assert_array_equal(volume.hu, coded_hu(grid.shape))


@pytest.mark.parametrize("offset_mm", [0.3, 1.14])
def test_near_slices_that_are_empty_are_no_copies(tmp_path, offset_mm):
    grid = make_grid(steps_mm=[4.22] * 4 + [offset_mm] + [7.38] * 4)
    write_series(tmp_path, np.full(grid.shape, -1000), grid)
    assert read_ct(tmp_path).grid.matches(grid, tolerance_mm=1e-6)


def test_copies_in_threes_are_left_out(tmp_path):
    grid = a_grid()
    hu = coded_hu(grid.shape)
    for name, offset_mm in (("a", 0.0), ("b", 0.2), ("c", 0.4)):
        moved = SliceGrid(grid.shape, grid.positions_mm + offset_mm * grid.normal, grid.orientation, grid.spacing_mm)
        write_series(tmp_path, hu, moved, names=f"{name}{{}}".format)
    volume = read_ct(tmp_path)
    assert volume.grid.matches(grid, tolerance_mm=1e-6)
    assert message("io.duplicates_dropped", count=2 * SLICES) in volume.warnings


def test_copies_that_are_shifted_in_their_plane_are_refused(tmp_path):
    grid = a_grid()
    hu = coded_hu(grid.shape)
    write_series(tmp_path, hu, grid)
    moved = SliceGrid(grid.shape, grid.positions_mm + np.array([3, 0, 0.02]), grid.orientation, grid.spacing_mm)
    write_series(tmp_path, hu, moved, names="b{}".format)
    with raises(InputError, "io.shifted_in_plane", first="000.dcm", second="b0"):
        read_ct(tmp_path)


def test_slices_of_two_scans_that_only_the_images_tell_apart_are_refused(tmp_path, shared_data):
    hu = read_ct(shared_data / "ge-head-ct").hu
    mixed = np.repeat(hu, 2, axis=0)
    mixed[1::2] = hu[:, ::-1]  # another head
    grid = make_grid(rows=512, columns=512, steps_mm=[2.5] * (len(mixed) - 1), spacing_mm=(0.45, 0.45))
    write_series(tmp_path / "mixed", mixed, grid)
    with raises(InputError, "io.slices_alternate"):
        read_ct(tmp_path / "mixed")
    affine = grid.affine_ras
    write_nifti(tmp_path / "mixed.nii", *in_axis_order(mixed, affine, (0, 1, 2), (False, False, False)))
    with raises(InputError, "io.slices_alternate"):
        read_ct(tmp_path / "mixed.nii")
