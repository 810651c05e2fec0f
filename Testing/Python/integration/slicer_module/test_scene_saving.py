# SPDX-License-Identifier: Apache-2.0
"""A saved scene, or a segmentation that Slicer saved alone, comes back with the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.scene import publish_head, save_and_reopen

from ICHSegmentationLib import measure, mrml
from ICHSegmentationLib.io.labels.seg_nrrd import read_seg_nrrd


@pytest.fixture
def a_corrected_result():
    """A tilted head under the acquisition transform; its clot was moved to another subtype."""
    result = publish_head(info={"model": "compact", "licence": "Apache-2.0; no; conditions"})
    mrml.move_lesion(result.node, result.iph_ras, "IVH")
    return result


def test_a_reopened_scene_measures_and_restores_as_before(tmp_path, a_corrected_result):
    result = a_corrected_result
    before = mrml.scene_volumes(result.node)
    opened = save_and_reopen(result.scene, tmp_path)
    node = opened.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    volume_node = mrml.source_volume(node)
    assert mrml.scene_volumes(node) == before
    assert before.changed == {"IPH", "IVH"}
    assert mrml.result_info(node) == {"model": "compact", "licence": "Apache-2.0; no; conditions"}
    assert volume_node.GetName() == result.volume_node.GetName()
    assert node.GetParentTransformNode() is volume_node.GetParentTransformNode() is not None
    assert mrml.volume_input(volume_node).grid.matches(result.volume.grid, tolerance_mm=1e-3)
    assert mrml.check_volume(volume_node).geometry.origin == "acquisition transform"
    assert mrml.lesion_at(node, result.sdh_ras).subtype == "SDH"
    mrml.restore_all(node)
    assert np.array_equal(mrml.label_map_of(node).labels, result.label_map.labels)


def test_a_transform_set_aside_is_still_known_after_reopening(tmp_path, a_corrected_result):
    mrml.detach_acquisition_transform(a_corrected_result.node)
    opened = save_and_reopen(a_corrected_result.scene, tmp_path)
    node = opened.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert mrml.acquisition_transform_is_detached(node)
    mrml.reattach_acquisition_transform(node)
    assert node.GetParentTransformNode().IsA("vtkMRMLGridTransformNode")
    assert mrml.source_volume(node).GetParentTransformNode() is node.GetParentTransformNode()


def test_a_segmentation_saved_alone_is_measured_on_its_true_slices(tmp_path, a_corrected_result):
    storage = slicer.vtkMRMLSegmentationStorageNode()
    a_corrected_result.scene.AddNode(storage)
    storage.SetFileName(str(tmp_path / "edited.seg.nrrd"))
    assert storage.WriteData(a_corrected_result.node) == 1
    read = read_seg_nrrd(tmp_path / "edited.seg.nrrd")
    assert read.warnings == ()
    assert read.label_map.grid.matches(a_corrected_result.volume.grid, tolerance_mm=1e-6)
    assert measure(read.label_map).volumes_ml == mrml.segment_volumes_ml(a_corrected_result.node)
