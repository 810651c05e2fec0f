# SPDX-License-Identifier: Apache-2.0
"""3D Slicer's own reader of segmentations.

It runs in a process of its own: ``import slicer`` changes more than one test should.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

needs_slicer = pytest.mark.skipif(
    importlib.util.find_spec("slicer") is None, reason="needs slicer-core, which has no build for this Python"
)
_SCRIPT = """
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


def read_in_slicer(path: Path, *, save_to: Path) -> dict[str, dict[str, Any]]:
    """Let Slicer read a segmentation and save it again; return what it holds of each segment, by ID."""
    command = [sys.executable, "-c", _SCRIPT, str(path), str(save_to)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert "ERR|" not in done.stderr
    return json.loads(done.stdout.split("RESULT", 1)[1])
