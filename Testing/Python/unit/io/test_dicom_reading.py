# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from builders.dicom import to_jpeg_lossless, write_enhanced, write_series
from builders.grids import coded_hu, make_grid

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.reader import read_ct

STEPS = {"1 mm": [1.0] * 5, "5 mm": [5.0] * 5, "mixed": [2.5, 2.5, 1.2, 5.0, 5.0, 5.0]}


@pytest.mark.parametrize("steps_mm", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("tilt_deg", [0.0, 10.0, 20.0])
def test_positions_and_values_come_back(tmp_path, tilt_deg, steps_mm):
    grid = make_grid(tilt_deg=tilt_deg, steps_mm=steps_mm, spacing_mm=(0.7, 0.45), oblique_deg=(3, 5, -4))
    hu = coded_hu(grid.shape)
    write_series(tmp_path, hu, grid)
    volume = read_ct(tmp_path)
    assert volume.grid.matches(grid, tolerance_mm=1e-6)
    assert volume.grid.tilt_deg == pytest.approx(tilt_deg, abs=1e-5)
    assert volume.grid.spacing_mm == (0.7, 0.45)
    np.testing.assert_array_equal(volume.hu, hu)


def test_file_names_do_not_matter_and_files_follow_the_slices(tmp_path):
    grid = make_grid()
    hu = coded_hu(grid.shape)
    paths = write_series(tmp_path, hu, grid, names=lambda index: ["c", "a", "e", "b", "d"][index])
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, hu)
    assert volume.source.files == tuple(paths)
    assert volume.source.series_uid == "1.2.826.1"
    assert volume.source.frames == ()
    assert volume.warnings == ()


def test_a_list_of_files_and_a_dicomdir_are_read_too(tmp_path):
    grid = make_grid()
    hu = coded_hu(grid.shape)
    paths = write_series(tmp_path / "deep" / "er", hu, grid)
    np.testing.assert_array_equal(read_ct([str(path) for path in paths[::-1]]).hu, hu)
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 128 + b"NOPE")
    np.testing.assert_array_equal(read_ct(tmp_path / "DICOMDIR").hu, hu)


def test_slices_stored_from_the_top_down_keep_their_places(tmp_path):
    grid = make_grid(tilt_deg=15)
    hu = coded_hu(grid.shape)
    write_series(tmp_path, hu, grid, edit=lambda dataset, index: setattr(dataset, "InstanceNumber", 5 - index))
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, hu)
    assert volume.warnings[0] == message("io.reversed_order")


@pytest.mark.parametrize(
    "syntax",
    ["1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"],
    ids=["RLE", "JPEG-LS", "JPEG 2000"],
)
def test_compressed_slices(tmp_path, syntax):
    grid = make_grid(rows=64, columns=80)
    hu = coded_hu(grid.shape)
    write_series(tmp_path, hu, grid, compress=syntax)
    np.testing.assert_array_equal(read_ct(tmp_path).hu, hu)


def test_jpeg_lossless_slices(tmp_path):
    grid = make_grid(rows=32, columns=24)
    hu = coded_hu(grid.shape)
    for path in write_series(tmp_path, hu, grid):
        to_jpeg_lossless(path)
    np.testing.assert_array_equal(read_ct(tmp_path).hu, hu)


def test_fractional_rescale_is_rounded_to_the_nearest_hu(tmp_path):
    grid = make_grid(rows=2, columns=2, steps_mm=[5, 5])
    write_series(tmp_path, np.zeros(grid.shape), grid, edit=_store_one_to_four_with_slope_0_3)
    np.testing.assert_array_equal(read_ct(tmp_path).hu, [[[-10, -10], [-9, -9]]] * 3)


def _store_one_to_four_with_slope_0_3(dataset, _index):
    dataset.RescaleSlope, dataset.RescaleIntercept = "0.3", "-10.2"
    dataset.PixelData = np.array([1, 2, 3, 4], dtype=np.int16).tobytes()


def test_values_above_int16_are_clipped(tmp_path):
    grid = make_grid(rows=2, columns=2, steps_mm=[5, 5])

    def edit(dataset, _index):
        dataset.RescaleSlope, dataset.RescaleIntercept = "4", "0"
        dataset.PixelData = np.array([30000, 10, 0, 1], dtype=np.int16).tobytes()

    write_series(tmp_path, np.zeros(grid.shape), grid, edit=edit)
    np.testing.assert_array_equal(read_ct(tmp_path).hu[0], [[32767, 40], [0, 4]])


@pytest.mark.parametrize("shared_orientation", [True, False])
@pytest.mark.parametrize("steps_mm", [[5.0] * 4, [2.0, 2.0, 5.0, 5.0]])
def test_enhanced_multi_frame(tmp_path, steps_mm, shared_orientation):
    grid = make_grid(tilt_deg=12, steps_mm=steps_mm, spacing_mm=(0.6, 0.5))
    hu = coded_hu(grid.shape)
    path = write_enhanced(tmp_path / "enhanced.dcm", hu, grid, shared_orientation=shared_orientation)
    volume = read_ct(path)
    assert volume.grid.matches(grid, tolerance_mm=1e-6)
    np.testing.assert_array_equal(volume.hu, hu)  # each frame has an intercept of its own
    assert volume.source.files == (path,) * 5
    assert volume.source.frames == (1, 2, 3, 4, 5)
    assert volume.source.tags["kernel"] == "H60s"


def test_enhanced_frames_in_any_order_are_sorted_and_numbered_as_stored(tmp_path):
    grid = make_grid()
    hu = coded_hu(grid.shape)
    order = [3, 0, 4, 1, 2]
    shuffled = type(grid)(grid.shape, grid.positions_mm[order], grid.orientation, grid.spacing_mm)
    volume = read_ct(write_enhanced(tmp_path / "e.dcm", hu[order], shuffled))
    np.testing.assert_array_equal(volume.hu, hu)
    assert volume.source.frames == (2, 4, 5, 1, 3)
