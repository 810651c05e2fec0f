# SPDX-License-Identifier: Apache-2.0
"""What is computed from a scan alone is computed once, where nobody can change the scan."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from builders.label_maps import head_grid

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.storage.scan_cache import cached_per_scan

GRID = head_grid([4.0, 4.0], tilt_deg=0, rows=4, columns=4, spacing_mm=(1.0, 1.0))


@pytest.fixture
def count():
    """A cached function that counts its calls."""
    calls = []

    @cached_per_scan
    def count(volume: CTVolume) -> int:
        calls.append(volume.hu.shape)
        return len(calls)

    return count


def read_only(value: int = 0) -> np.ndarray:
    hu = np.full(GRID.shape, value, dtype=np.int16)
    hu.flags.writeable = False
    return hu


def test_a_read_only_scan_is_computed_once_also_from_another_volume_of_its_array(count):
    hu, other = read_only(), read_only()
    assert [count(CTVolume(hu, GRID)), count(CTVolume(hu, GRID, warnings=("Doubt.",)))] == [1, 1]
    assert [count(CTVolume(other, GRID)), count(CTVolume(hu, GRID))] == [2, 1]


def test_another_grid_is_another_scan(count):
    hu = read_only()
    other = head_grid([4.0, 5.0], tilt_deg=0, rows=4, columns=4, spacing_mm=(1.0, 1.0))
    assert [count(CTVolume(hu, grid)) for grid in (GRID, other)] == [1, 2]


def test_a_writable_scan_is_computed_every_time(count):
    volume = CTVolume(np.zeros(GRID.shape, dtype=np.int16), GRID)
    assert [count(volume), count(volume)] == [1, 2]


def test_nothing_outlives_the_array(count):
    for value in range(3):
        assert count(CTVolume(read_only(value), GRID)) == value + 1
        gc.collect()
    (results,) = (cell.cell_contents for cell in count.__closure__ if isinstance(cell.cell_contents, dict))
    assert results == {}
