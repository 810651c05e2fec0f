# SPDX-License-Identifier: Apache-2.0
"""3D Slicer's own reader of segmentations.

It runs in a separate process, because ``import slicer`` has lasting side effects.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from builders.requirements import require_module

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
    """Read a segmentation with Slicer and save it again; return the properties of each segment, by ID."""
    require_module("slicer", "slicer-core")
    command = [sys.executable, "-c", _SCRIPT, str(path), str(save_to)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert "ERR|" not in done.stderr
    return json.loads(done.stdout.split("RESULT", 1)[1])
