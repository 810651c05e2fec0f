# SPDX-License-Identifier: Apache-2.0
"""3D Slicer's own reader takes .seg.nrrd as it is meant, and what Slicer saves again is read back in place.

Slicer runs in a process of its own: ``import slicer`` changes more than one test should.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
from builders.label_maps import ellipsoid_mask, head_grid, labelled

from ICHSegmentationLib.measurement import measure
from ICHSegmentationLib.reporting.seg_nrrd import read_seg_nrrd, write_seg_nrrd
from ICHSegmentationLib.subtypes import Subtype
from ICHSegmentationLib.terminology import load_terminology

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("slicer") is None, reason="needs slicer-core, which has no build for this Python"
)

GRIDS = {
    "tilted": head_grid([5.0] * 19, tilt_deg=20),
    "mixed and tilted": head_grid([4.22] * 13 + [1.14] + [7.38] * 6, tilt_deg=18.5),
    "gap, oblique": head_grid([3.0] * 9 + [9.0] + [3.0] * 9, tilt_deg=-10, oblique_deg=(0, 14, -8)),
}
SCRIPT = """
import json, sys
import slicer, vtk
from vtk.util.numpy_support import vtk_to_numpy
scene = slicer.vtkMRMLScene()
node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
def storage(path):
    found = slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(found)
    found.SetFileName(path)
    return found
assert storage(sys.argv[1]).ReadData(node) == 1
segmentation = node.GetSegmentation()
segments = {}
for index in range(segmentation.GetNumberOfSegments()):
    segment = segmentation.GetNthSegment(index)
    image = segment.GetRepresentation("Binary labelmap")
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    values = vtk_to_numpy(image.GetPointData().GetScalars())
    tag = vtk.reference("")
    segment.GetTag("TerminologyEntry", tag)
    segments[segmentation.GetNthSegmentID(index)] = {
        "name": segment.GetName(), "colour": segment.GetColor(), "terminology": str(tag),
        "voxels": int((values == segment.GetLabelValue()).sum()), "layers": segmentation.GetNumberOfLayers(),
        "matrix": [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)],
    }
assert storage(sys.argv[2]).WriteData(node) == 1
print("RESULT" + json.dumps(segments))
"""


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_slicer_reads_and_saves_it(tmp_path, grid):
    iph, ivh = ellipsoid_mask(grid, (-20, 5, 8), (12, 15, 18)), ellipsoid_mask(grid, (12, 0, 0), (8, 20, 10))
    label_map = labelled(grid, (Subtype.IPH, iph), (Subtype.IVH, ivh))
    write_seg_nrrd(tmp_path / "ours.seg.nrrd", label_map)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "ours.seg.nrrd"), str(tmp_path / "slicers.seg.nrrd")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    segments = json.loads(done.stdout.split("RESULT", 1)[1])

    assert "ERR|" not in done.stderr
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
