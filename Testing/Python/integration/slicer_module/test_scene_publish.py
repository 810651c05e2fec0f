# SPDX-License-Identifier: Apache-2.0
"""A result enters the scene in one step, complete, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk
from builders.errors import raises
from builders.scene import head_labels, publish_head
from vtk.util.numpy_support import vtk_to_numpy

from ICHSegmentationLib import mrml
from ICHSegmentationLib.core.errors import InputError, NodeRemovedError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.mrml.segmentation import publish as publish_module


@pytest.fixture
def a_result():
    """A tilted head under the acquisition transform with its result."""
    return publish_head(info={"model": "compact", "sha256": "ab:c;d%"})


def labels_in_slicer(node, identifier) -> np.ndarray:
    """Return a segment's mask (k, j, i) on the reference geometry, by Slicer's own means."""
    image = slicer.vtkOrientedImageData()
    reference = slicer.vtkOrientedImageData()
    name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
    geometry = node.GetSegmentation().GetConversionParameter(name)
    slicer.vtkSegmentationConverter.DeserializeImageGeometry(geometry, reference, True)
    own = slicer.vtkOrientedImageData()
    slicer.vtkSlicerSegmentationsModuleLogic.GetSegmentBinaryLabelmapRepresentation(node, identifier, own, False)
    slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(own, reference, image)
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    return values == node.GetSegmentation().GetSegment(identifier).GetLabelValue()


def test_segments_have_the_tables_order_names_colors_and_codes(a_result):
    segmentation, table = a_result.node.GetSegmentation(), load_terminology()
    ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
    assert ids == ["EDH", "SDH", "SAH", "IPH", "IVH"]
    for row in table.subtypes:
        segment = segmentation.GetSegment(row.id)
        assert segment.GetName() == row.name
        assert segment.GetColor() == pytest.approx([channel / 255 for channel in row.rgb])
        entry = vtk.reference("")
        segment.GetTag("TerminologyEntry", entry)
        assert str(entry) == table.slicer_entry(row)
    assert segmentation.GetNumberOfLayers() == 1


def test_every_voxel_is_where_the_library_has_it(a_result):
    for identifier, label in (("IPH", 4), ("SDH", 2)):
        assert np.array_equal(labels_in_slicer(a_result.node, identifier), a_result.label_map.labels == label)
    assert np.array_equal(mrml.label_map_of(a_result.node).labels, a_result.label_map.labels)
    assert mrml.label_map_of(a_result.node).grid.matches(a_result.volume.grid)


def test_it_lies_under_the_volumes_transform_in_the_volumes_study_on_its_geometry(a_result):
    node, volume_node = a_result.node, a_result.volume_node
    assert node.GetParentTransformNode() is volume_node.GetParentTransformNode() is not None
    assert mrml.source_volume(node) is volume_node
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(a_result.scene)
    items = [hierarchy.GetItemByDataNode(either) for either in (node, volume_node)]
    assert hierarchy.GetItemLevel(hierarchy.GetItemParent(items[0])) == "Study"
    assert len({hierarchy.GetItemParent(item) for item in items}) == 1


def test_empty_subtypes_stay_out_of_3d(a_result):
    display = a_result.node.GetDisplayNode()
    shown = [name for name in ("EDH", "SDH", "SAH", "IPH", "IVH") if display.GetSegmentVisibility3D(name)]
    assert shown == ["SDH", "IPH"]
    assert not display.GetVisibility3D()


def test_what_made_it_is_kept(a_result):
    assert mrml.result_info(a_result.node) == {"model": "compact", "sha256": "ab:c;d%"}
    assert mrml.is_result(a_result.node)
    assert a_result.node.GetAttribute(mrml.RESULT_ATTRIBUTE)


def test_a_new_run_leaves_earlier_work_alone(a_result):
    mrml.move_lesion(a_result.node, a_result.iph_ras, "IVH")
    corrected = mrml.segment_volumes_ml(a_result.node)
    again = mrml.publish(a_result.volume_node, a_result.volume, a_result.label_map, name="Hemorrhage")
    assert again is not a_result.node
    assert again.GetName() != a_result.node.GetName()
    assert mrml.segment_volumes_ml(a_result.node) == corrected != mrml.segment_volumes_ml(again)


def test_binary_model_gives_one_segment():
    result = publish_head()
    labels = np.where(head_labels(result.volume.grid).labels > 0, 6, 0).astype(np.uint8)
    label_map = LabelMap(labels, result.volume.grid)
    node = mrml.publish(result.volume_node, result.volume, label_map, name="binary", classes=("background", "ICH"))
    assert list(mrml.segment_volumes_ml(node)) == ["ICH", "total"]
    also = mrml.publish(result.volume_node, result.volume, label_map, name="not told")
    assert list(mrml.segment_volumes_ml(also)) == ["EDH", "SDH", "SAH", "IPH", "IVH", "ICH", "total"]


def test_blood_of_a_subtype_that_the_model_does_not_tell_has_its_segment():
    # As from two stages, whose own network only tells blood from tissue, or from boxes that a reader named.
    result = publish_head()
    told = mrml.segment_volumes_ml(result.node)
    node = mrml.publish(result.volume_node, result.volume, result.label_map, name="stages", classes=("ICH",))
    shown = mrml.segment_volumes_ml(node)
    assert {"IPH", "total"} < shown.keys() < told.keys() | {"ICH"}
    assert shown == {name: ml for name, ml in told.items() if ml > 0} | {"ICH": 0.0}


def test_a_result_without_blood(a_result):
    nothing = LabelMap(np.zeros(a_result.volume.grid.shape, np.uint8), a_result.volume.grid)
    node = mrml.publish(a_result.volume_node, a_result.volume, nothing, name="nothing")
    assert mrml.segment_volumes_ml(node) == dict.fromkeys(("EDH", "SDH", "SAH", "IPH", "IVH", "total"), 0.0)
    assert mrml.largest_lesion(node) is None
    assert mrml.changed_by_hand(node) == frozenset()


@pytest.mark.parametrize("step", ["show_present_in_3d", "place_in_study_of", "shared_image", "encode_result"])
def test_a_failure_at_any_step_leaves_the_scene_as_it_was(a_result, monkeypatch, step):
    def fail(*_):
        raise MemoryError

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(a_result.scene)
    before = a_result.scene.GetNumberOfNodes(), hierarchy.GetNumberOfItems()
    monkeypatch.setattr(publish_module, step, fail)
    with pytest.raises(MemoryError):
        mrml.publish(a_result.volume_node, a_result.volume, a_result.label_map, name="half made")
    assert (a_result.scene.GetNumberOfNodes(), hierarchy.GetNumberOfItems()) == before
    assert a_result.scene.GetFirstNodeByName("half made") is None


def test_volume_removed_or_scene_closed_while_running(a_result):
    nodes = a_result.scene.GetNumberOfNodes()
    volume_node = a_result.volume_node
    a_result.scene.RemoveNode(volume_node)
    with raises(NodeRemovedError, "mrml.node_removed", what="volume"):
        mrml.publish(volume_node, a_result.volume, a_result.label_map, name="late")
    assert a_result.scene.GetNumberOfNodes() < nodes
    a_result.scene.Clear(0)
    with raises(NodeRemovedError, "mrml.node_removed", what="segmentation"):
        mrml.segment_volumes_ml(a_result.node)
    with pytest.raises(NodeRemovedError):
        mrml.move_lesion(a_result.node, a_result.iph_ras, "IVH")


def test_labels_of_another_size_are_refused(a_result):
    grid = type(a_result.volume.grid)
    smaller = grid((3, 4, 5), np.arange(9.0).reshape(3, 3), np.eye(3)[:2], (1.0, 1.0))
    with raises(ValueError, "mrml.other_shape", labels=(3, 4, 5)):
        mrml.publish(a_result.volume_node, a_result.volume, LabelMap(np.zeros((3, 4, 5), np.uint8), smaller), name="x")


def test_segmentations_of_others_are_told_apart(a_result):
    other = a_result.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Tumor")
    assert not mrml.is_result(other)
    assert mrml.result_info(other) == {}
    with raises(InputError, "mrml.not_a_result", name="Tumor"):
        mrml.segment_volumes_ml(other)
