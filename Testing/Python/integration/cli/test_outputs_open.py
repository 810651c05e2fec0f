# SPDX-License-Identifier: Apache-2.0
"""Other programs open what the command writes, and find the bleeds on the right voxels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pypdfium2
import pytest
from builders.requirements import require_slicer
from PIL import Image
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonMath import vtkMatrix4x4

pytestmark = pytest.mark.slow

slicer = require_slicer()

Demo = tuple[Path, dict[str, Any]]


def test_the_report_is_one_page_with_something_on_it(a_demo: Demo):
    folder, shown = a_demo
    with pypdfium2.PdfDocument(folder / "report.pdf") as document:
        assert len(document) == 1
        text = document[0].get_textpage().get_text_range()
        picture = np.asarray(document[0].render(scale=1).to_pil().convert("L"))
    assert "research use only" in text.lower()
    assert f"{shown['volumes_ml']['total']:.1f}" in text
    assert 0.02 < np.mean(picture < 200) < 0.8


def test_the_pictures_have_content(a_demo: Demo):
    folder, shown = a_demo
    for name in {"slices.png", "render.png"} & set(shown["outputs"]):
        with Image.open(folder / name) as picture:
            assert min(picture.size) >= 300
            assert np.asarray(picture.convert("L")).std() > 5


def test_slicer_finds_the_segments_on_the_voxels_of_the_nifti_file(a_demo: Demo):
    folder, shown = a_demo
    scene = slicer.vtkMRMLScene()
    node, storage = slicer.vtkMRMLSegmentationNode(), slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(node)
    scene.AddNode(storage)
    storage.SetFileName(str(folder / "segmentation.seg.nrrd"))
    assert storage.ReadData(node) == 1
    segmentation = node.GetSegmentation()
    names = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
    assert names == ["EDH", "SDH", "SAH", "IPH", "IVH"]

    image = nibabel.load(folder / "labels.nii.gz")
    labels = np.asarray(image.dataobj)
    assert labels.any()
    for label, name in enumerate(names, start=1):
        expected = nibabel.affines.apply_affine(image.affine, np.argwhere(labels == label))
        found = _ras_of_segment(segmentation.GetSegment(name))
        assert len(found) == len(expected)
        if len(expected):
            np.testing.assert_allclose(_sorted(found), _sorted(expected), atol=1e-2)
        assert (len(found) > 0) == shown["present"][name]


def _ras_of_segment(segment: slicer.vtkSegment) -> np.ndarray:
    """Return the RAS positions, (voxels, 3) in mm, of a segment's voxels in Slicer's memory."""
    labelmap = segment.GetRepresentation("Binary labelmap")
    if labelmap.GetPointData().GetScalars() is None:
        return np.empty((0, 3))
    to_ras = vtkMatrix4x4()
    labelmap.GetImageToWorldMatrix(to_ras)
    affine = np.array([[to_ras.GetElement(row, column) for column in range(4)] for row in range(4)])
    extent = labelmap.GetExtent()
    voxels = vtk_to_numpy(labelmap.GetPointData().GetScalars()).reshape(labelmap.GetDimensions(), order="F")
    indices = np.argwhere(voxels == segment.GetLabelValue()) + np.array(extent[::2])
    return nibabel.affines.apply_affine(affine, indices)


def _sorted(points: np.ndarray) -> np.ndarray:
    rounded = np.round(points, 1)
    return points[np.lexsort(rounded.T)]
