# SPDX-License-Identifier: Apache-2.0
"""3D Slicer's own reader takes .seg.nrrd as it is meant, and what Slicer saves again is read back in place."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.slicer_reader import read_in_slicer

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.io.labels.seg_nrrd import read_seg_nrrd, write_seg_nrrd
from ICHSegmentationLib.measurement.measure import measure

GRIDS = {
    "tilted": head_grid([5.0] * 19, tilt_deg=20),
    "mixed and tilted": head_grid([4.22] * 13 + [1.14] + [7.38] * 6, tilt_deg=18.5),
    "gap, oblique": head_grid([3.0] * 9 + [9.0] + [3.0] * 9, tilt_deg=-10, oblique_deg=(0, 14, -8)),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_slicer_reads_and_saves_it(tmp_path, grid):
    iph, ivh = ellipsoid_mask(grid, (-20, 5, 8), (12, 15, 18)), ellipsoid_mask(grid, (12, 0, 0), (8, 20, 10))
    label_map = labelled(grid, (Subtype.IPH, iph), (Subtype.IVH, ivh))
    write_seg_nrrd(tmp_path / "ours.seg.nrrd", label_map)
    segments = read_in_slicer(tmp_path / "ours.seg.nrrd", save_to=tmp_path / "slicers.seg.nrrd")

    assert list(segments) == [subtype.name for subtype in Subtype]
    for row in load_terminology().subtypes:
        segment = segments[row.id]
        assert segment["name"] == row.name
        assert segment["colour"] == pytest.approx([channel / 255 for channel in row.rgb], abs=1e-5)
        assert segment["terminology"] == load_terminology().slicer_entry(row)
        assert segment["voxels"] == int((label_map.labels == row.label).sum())
        assert segment["layers"] == 1
        assert np.allclose(segment["matrix"], grid.nearest_affine_ras, atol=1e-9)

    again = read_seg_nrrd(tmp_path / "slicers.seg.nrrd")
    assert again.warnings == ()
    assert np.array_equal(again.label_map.labels, label_map.labels)
    assert again.label_map.grid.matches(grid)
    assert measure(again.label_map).volumes_ml == measure(label_map).volumes_ml
