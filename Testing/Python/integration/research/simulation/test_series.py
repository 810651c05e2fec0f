# SPDX-License-Identifier: Apache-2.0
"""A simulated scan as a DICOM series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.dicom_checks import dciodvfy
from builders.grids import make_grid

from ICHSegmentationLib import read_ct
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.research.simulation.dicom_series import write_dicom_series


def test_the_series_is_read_back_slice_by_slice_with_tilt_and_uneven_steps(tmp_path: Path):
    grid = make_grid(rows=40, columns=36, steps_mm=(4.22, 4.22, 7.38, 7.38, 7.38), tilt_deg=18.5)
    hu = np.random.default_rng(0).integers(-1024, 3000, grid.shape).astype(np.int16)
    paths = write_dicom_series(tmp_path, CTVolume(hu, grid), seed=7)
    volume = read_ct(tmp_path)
    np.testing.assert_array_equal(volume.hu, hu)
    np.testing.assert_allclose(volume.grid.positions_mm, grid.positions_mm, atol=1e-6)
    assert volume.grid.tilt_deg == pytest.approx(grid.tilt_deg, abs=1e-4)
    for path in (paths[0], paths[-1]):
        assert dciodvfy(path) == []
