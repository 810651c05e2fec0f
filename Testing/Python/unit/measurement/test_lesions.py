# SPDX-License-Identifier: Apache-2.0
"""Diameter, centre and density of single lesions."""

from __future__ import annotations

import numpy as np
import pytest
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, head_grid, labelled

from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure

GRIDS = {
    "thin": head_grid([1.0] * 89, rows=120, columns=110),
    "mixed, tilted, oblique": head_grid([4.22] * 13 + [1.14] + [7.38] * 6, tilt_deg=18.5, oblique_deg=(0, 14, -8)),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_longest_diameter_and_centre_of_an_ellipsoid(grid):
    centre_mm = (4.0, -7.0, 3.0)
    (lesion,) = measure(labelled(grid, (Subtype.IPH, ellipsoid_mask(grid, centre_mm, (10, 30, 14))))).lesions

    assert lesion.longest_diameter_mm == pytest.approx(60, abs=1.5)
    assert lesion.centroid_lps_mm == pytest.approx(centre_mm, abs=0.5)


def test_longest_diameter_runs_across_slices():
    """Two columns of voxels, ten slices of 5 mm apart: 50 mm high with the slices' own extent, and 9 mm aside."""
    grid = head_grid([5.0] * 19, rows=30, columns=30, spacing_mm=(1.0, 1.0))
    mask = np.zeros(grid.shape, bool)
    mask[5:15, 10, 10] = True
    mask[14, 10, 10:20] = True
    (lesion,) = measure(labelled(grid, (Subtype.SAH, mask))).lesions
    assert lesion.longest_diameter_mm == pytest.approx(np.hypot(50, 9), abs=0.01)


def test_density_is_that_of_the_lesion_alone():
    grid = head_grid([5.0] * 5, rows=20, columns=20)
    hu = np.full(grid.shape, 30, np.int16)
    mask = np.zeros(grid.shape, bool)
    mask[2, 5:7, 5:7] = True
    hu[2, 5:7, 5:7] = [[50, 60], [60, 70]]
    label_map = labelled(grid, (Subtype.IPH, mask))

    (lesion,) = measure(label_map, CTVolume(hu, grid)).lesions
    assert (lesion.hu_mean, lesion.hu_sd) == (60.0, 7.1)
    (lesion,) = measure(label_map).lesions
    assert (lesion.hu_mean, lesion.hu_sd) == (None, None)


def test_a_scan_of_another_shape_is_refused():
    grid, other = head_grid([5.0] * 5, rows=20, columns=20), head_grid([5.0] * 4, rows=20, columns=20)
    with raises(ValueError, "measurement.other_shape", labels=(6, 20, 20), volume=(5, 20, 20)):
        measure(labelled(grid), CTVolume(np.zeros(other.shape, np.int16), other))
