# SPDX-License-Identifier: Apache-2.0
"""Lesions in a scan on its own slices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders.errors import raises
from builders.generated_host import a_generated_host
from builders.grids import make_grid

from ICHSegmentationLib.core.errors import InputError, NotAHeadError
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.research.simulation.dicom_series import write_dicom_series
from ICHSegmentationLib.research.simulation.synthetic_scan import generated_scan, paint_into

pytestmark = pytest.mark.slow

WANTED = {Subtype.SDH: 30.0}


@pytest.fixture(scope="module")
def a_host() -> CTVolume:
    return a_generated_host().volume


@pytest.fixture(scope="module")
def a_painted_scan(a_host: CTVolume):
    return paint_into(a_host, 4, [Subtype.SDH], volumes_ml=WANTED)


def test_the_lesion_has_the_volume_asked_for_and_nothing_outside_of_the_skull_changes(a_host, a_painted_scan):
    volume_ml = (a_painted_scan.label_map.labels == Subtype.SDH).sum() * 6.5 * 2.2 * 2.2 / 1000
    assert volume_ml == pytest.approx(30, rel=0.25)
    outside = ~a_generated_host().anatomy.intracranial
    changed = a_painted_scan.volume.hu != a_host.hu
    assert changed[a_painted_scan.label_map.labels > 0].mean() > 0.9
    assert changed[outside].mean() < 0.01
    assert a_painted_scan.not_painted == ()


@pytest.mark.parametrize("subtype", [Subtype.SDH, Subtype.IPH])
def test_the_volume_is_that_of_unevenly_spaced_slices(a_host, subtype):
    grid = a_host.grid
    steps_mm = np.where(np.arange(grid.shape[0] - 1) < grid.shape[0] // 2, 4.0, 9.0)
    along = np.concatenate([[0.0], np.cumsum(steps_mm)])
    uneven = SliceGrid(
        grid.shape, grid.positions_mm[0] + along[:, None] * grid.normal, grid.orientation, grid.spacing_mm
    )
    scan = paint_into(CTVolume(a_host.hu, uneven), 4, [subtype], volumes_ml={subtype: 30.0}, force=True)
    assert measure(scan.label_map).volumes_ml[subtype.name] == pytest.approx(30, rel=0.1)


def test_the_same_seed_gives_the_same_scan_however_its_axes_run(a_host, a_painted_scan):
    grid = a_host.grid
    # Slices from the top down, and columns from the patient's left to the right.
    turned = SliceGrid(
        grid.shape,
        grid.positions_mm[::-1] + (grid.shape[2] - 1) * grid.spacing_mm[1] * grid.orientation[0],
        np.array([-grid.orientation[0], grid.orientation[1]]),
        grid.spacing_mm,
    )
    again = paint_into(CTVolume(a_host.hu[::-1, :, ::-1].copy(), turned), 4, [Subtype.SDH], volumes_ml=WANTED)
    np.testing.assert_array_equal(again.label_map.labels[::-1, :, ::-1], a_painted_scan.label_map.labels)
    np.testing.assert_array_equal(again.volume.hu[::-1, :, ::-1], a_painted_scan.volume.hu)


def test_a_ball_of_water_is_refused(a_host):
    ball = np.where(a_host.hu > -500, np.int16(0), np.int16(-1000))
    with raises(NotAHeadError, "research.not_a_host"):
        paint_into(CTVolume(ball, a_host.grid), 1, [Subtype.EDH], force=True)


def test_a_single_slice_is_refused(a_host):
    grid = a_host.grid
    one = SliceGrid((1, *grid.shape[1:]), grid.positions_mm[:1], grid.orientation, grid.spacing_mm)
    with raises(InputError, "research.single_slice_host"):
        paint_into(CTVolume(a_host.hu[:1], one), 1, [Subtype.EDH])


def test_a_generated_head_has_the_lesions_asked_for():
    scan = generated_scan(2, [Subtype.EDH], volumes_ml={Subtype.EDH: 20.0}, mimics=True)
    assert set(np.unique(scan.label_map.labels)) == {0, Subtype.EDH}
    volume_ml = (scan.label_map.labels == Subtype.EDH).sum() * 5 * 0.8 * 0.8 / 1000
    assert volume_ml == pytest.approx(20, rel=0.25)


def test_the_series_holds_no_patient_and_is_the_same_for_the_same_scan(tmp_path: Path):
    import pydicom

    grid = make_grid(rows=40, columns=36)
    volume = CTVolume(np.zeros(grid.shape, dtype=np.int16), grid)
    first = write_dicom_series(tmp_path / "a", volume, seed=7)
    second = write_dicom_series(tmp_path / "b", volume, seed=7)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    other = write_dicom_series(tmp_path / "c", replace(volume, hu=volume.hu + np.int16(1)), seed=7)
    heads = [pydicom.dcmread(paths[0]) for paths in (first, other)]
    assert heads[0].PatientName == "SIMULATED^HEMORRHAGE"
    assert (heads[0].PatientIdentityRemoved, heads[0].ImageType[0]) == ("YES", "DERIVED")
    assert heads[0].SeriesInstanceUID != heads[1].SeriesInstanceUID
