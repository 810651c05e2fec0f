# SPDX-License-Identifier: Apache-2.0
"""Volume and centre of two markers do not depend on how a scan is stored, for any grid that Hypothesis finds."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from builders.affine_files import AXIS_ORDERS, in_axis_order, write_nifti, write_nrrd
from builders.dicom import write_series
from builders.marked_scan import MARKERS_HU, MarkedScan, make_marked_scan, measure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume

pytestmark = pytest.mark.slow

# The same cases in each run; no limit of time, which a busy computer would break.
few = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
scans = st.integers(0, 10_000).map(lambda seed: make_marked_scan(Random(seed)))


def assert_same(scan: MarkedScan, volume: CTVolume, *, volume_tolerance: float = 1e-5, place_mm: float = 0.001) -> None:
    places = volume.grid.points_mm(np.stack(np.indices(volume.grid.shape), axis=-1))
    found = measure(volume.hu, volume.grid.voxel_volumes_mm3, places)
    assert len(found) == len(MARKERS_HU)
    for true, one in zip(scan.truth(), found, strict=True):
        assert one.volume_ml == pytest.approx(true.volume_ml, rel=volume_tolerance)
        np.testing.assert_allclose(one.centre_mm, true.centre_mm, rtol=0, atol=place_mm)


def read_series(scan: MarkedScan, names: list[int] | None = None) -> CTVolume:
    numbers = names or list(range(scan.grid.shape[0]))
    with tempfile.TemporaryDirectory() as folder:
        write_series(
            Path(folder),
            scan.hu,
            scan.grid,
            names=lambda index: f"{numbers[index]:03d}.dcm",
            edit=lambda dataset, index: setattr(dataset, "InstanceNumber", numbers[index] + 1),
        )
        return read_ct(folder)


def stored_otherwise(scan: MarkedScan, *, rows: bool, columns: bool, exchanged: bool) -> MarkedScan:
    """Return the same scan with rows or columns from the other end, or rows and columns exchanged."""
    hu, grid = scan.hu, scan.grid
    positions, orientation, spacing = grid.positions_mm.copy(), grid.orientation.copy(), grid.spacing_mm
    for axis, flipped in ((1, rows), (2, columns)):
        if flipped:
            direction = 2 - axis  # [0] of the orientation runs along the columns
            positions = positions + orientation[direction] * spacing[axis - 1] * (hu.shape[axis] - 1)
            orientation[direction] *= -1
            hu = np.flip(hu, axis)
    if exchanged:
        hu, orientation, spacing = hu.transpose(0, 2, 1), orientation[::-1], spacing[::-1]
    return MarkedScan(np.ascontiguousarray(hu), SliceGrid(hu.shape, positions, orientation, spacing))


@few
@given(scan=scans, rows=st.booleans(), columns=st.booleans(), exchanged=st.booleans())
def test_flips_and_exchanged_axes_in_dicom(scan: MarkedScan, rows: bool, columns: bool, exchanged: bool):
    assert_same(scan, read_series(stored_otherwise(scan, rows=rows, columns=columns, exchanged=exchanged)))


@few
@given(scan=scans, names=st.permutations(range(20)))
def test_any_order_of_files_and_numbers(scan: MarkedScan, names: list[int]):
    assert_same(scan, read_series(scan, names))


@few
@given(scan=scans, axes=st.sampled_from(AXIS_ORDERS), kind=st.sampled_from(["nii", "nii.gz", "nrrd"]))
def test_every_axis_order_and_flip_of_nifti_and_nrrd(scan: MarkedScan, axes: tuple, kind: str):
    scan = evenly_spaced(scan)
    array, affine = in_axis_order(scan.hu, scan.grid.affine_ras, *axes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"ct.{kind}"
        volume = read_ct(write_nrrd(path, array, affine) if kind == "nrrd" else write_nifti(path, array, affine))
    assert_same(scan, volume, place_mm=0.01)  # float32 in a NIfTI header


def evenly_spaced(scan: MarkedScan) -> MarkedScan:
    """Return the scan on the same first slice with steps as the first."""
    first, second = scan.grid.positions_mm[:2]
    positions = first + np.arange(scan.grid.shape[0])[:, None] * (second - first)
    return MarkedScan(scan.hu, replace(scan.grid, positions_mm=positions))


shifts_mm = st.lists(st.tuples(*[st.floats(-0.05, 0.05, allow_subnormal=False)] * 3), min_size=20, max_size=20)


@few
@given(scan=scans, shifts=shifts_mm)
def test_jitter_of_a_twentieth_of_a_millimetre(scan: MarkedScan, shifts: list[tuple[float, ...]]):
    moved = MarkedScan(scan.hu, replace(scan.grid, positions_mm=scan.grid.positions_mm + np.array(shifts)))
    assert_same(scan, read_series(moved), volume_tolerance=0.05, place_mm=0.2)


@few
@given(scan=scans, decimals=st.sampled_from([1, 2, 3]))
def test_positions_rounded_to_a_tenth_of_a_millimetre(scan: MarkedScan, decimals: int):
    rounded = MarkedScan(scan.hu, replace(scan.grid, positions_mm=scan.grid.positions_mm.round(decimals)))
    assert_same(scan, read_series(rounded), volume_tolerance=0.05, place_mm=0.2)
