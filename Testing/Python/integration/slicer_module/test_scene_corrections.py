# SPDX-License-Identifier: Apache-2.0
"""Corrections keep one label per voxel, are undone in Slicer's editor, and can be taken back to the model's result."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk
from builders.errors import raises
from builders.scene import head_labels, publish_head
from vtk.util.numpy_support import vtk_to_numpy

from ICHSegmentationLib import mrml
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap

UNDO_STATES = 11
"""For ten steps back: the first undo keeps the present state too."""
OTHER_BOX = np.s_[8:12, 20:40, 10:50]
"""A part of the volume, (k, j, i), that cuts through both lesions."""


class Editor:
    """Slicer's Segment Editor without its widget: the logic, its undo, and one stroke."""

    def __init__(self, result) -> None:
        self.node = result.node
        self.parameters = slicer.vtkMRMLSegmentEditorNode()
        result.scene.AddNode(self.parameters)
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.logic.SetMRMLScene(result.scene)
        self.logic.SetSegmentEditorNode(self.parameters)
        self.logic.SetSegmentationNode(result.node)
        self.logic.SetSourceVolumeNode(result.volume_node)
        self.logic.SetMaximumNumberOfUndoStates(UNDO_STATES)
        mrml.keep_exclusive(self.parameters)

    def stroke(self, identifier: str, box=OTHER_BOX, *, erase: bool = False) -> None:
        """Paint or erase a box of voxels as one undoable edit."""
        self.logic.SetCurrentSegmentID(identifier)
        self.logic.SaveStateForUndo()
        assert self.logic.ResetModifierLabelmapToDefault()
        brush = self.logic.GetModifierLabelmap()
        values = vtk_to_numpy(brush.GetPointData().GetScalars()).reshape(brush.GetDimensions()[::-1])
        values[box] = 1
        brush.Modified()
        mode = self.logic.ModificationModeRemove if erase else self.logic.ModificationModeAdd
        self.logic.ModifySegmentByLabelmap(self.node, identifier, brush, mode, False, False)


@pytest.fixture
def a_result():
    """A tilted head under the acquisition transform with its result."""
    return publish_head()


@pytest.fixture
def an_editor(a_result):
    """Slicer's editor on the result."""
    return Editor(a_result)


def labels_of(result) -> np.ndarray:
    return mrml.label_map_of(result.node).labels


def test_painting_takes_voxels_from_other_subtypes(a_result, an_editor):
    expected = a_result.label_map.labels.copy()
    assert {2, 4} <= set(np.unique(expected[OTHER_BOX]))
    an_editor.stroke("IVH")
    expected[OTHER_BOX] = 5
    assert np.array_equal(labels_of(a_result), expected)
    assert mrml.is_exclusive(a_result.node)
    assert mrml.changed_by_hand(a_result.node) == {"SDH", "IPH", "IVH"}
    assert np.array_equal(mrml.model_label_map_of(a_result.node).labels, a_result.label_map.labels)
    voxels_ml = np.count_nonzero(expected, axis=(1, 2)) @ a_result.volume.grid.voxel_volumes_mm3 / 1000
    assert mrml.segment_volumes_ml(a_result.node)["total"] == pytest.approx(voxels_ml, abs=1e-5)


def test_erasing_takes_from_the_chosen_subtype_only(a_result, an_editor):
    expected = a_result.label_map.labels.copy()
    an_editor.stroke("IPH", erase=True)
    expected[OTHER_BOX][expected[OTHER_BOX] == 4] = 0
    assert np.array_equal(labels_of(a_result), expected)
    assert mrml.changed_by_hand(a_result.node) == {"IPH"}


def test_ten_strokes_can_be_undone_and_done_again(a_result, an_editor):
    states = [labels_of(a_result)]
    for index in range(10):
        an_editor.stroke("EDH", np.s_[3, index : index + 2, 5:9])
        states.append(labels_of(a_result))
    for state in reversed(states[:-1]):
        an_editor.logic.Undo()
        assert np.array_equal(labels_of(a_result), state)
    assert mrml.changed_by_hand(a_result.node) == frozenset()
    for state in states[1:]:
        an_editor.logic.Redo()
        assert np.array_equal(labels_of(a_result), state)


def test_moving_a_lesion_is_one_step_and_one_undo(a_result, an_editor):
    before = mrml.segment_volumes_ml(a_result.node)
    moved = mrml.move_lesion(a_result.node, a_result.iph_ras, "SAH", save_state=an_editor.logic.SaveStateForUndo)
    after = mrml.segment_volumes_ml(a_result.node)
    assert (moved.subtype, moved.volume_ml) == ("SAH", before["IPH"])
    assert after == before | {"IPH": 0.0, "SAH": before["IPH"]}
    assert a_result.node.GetDisplayNode().GetSegmentVisibility3D("SAH")
    assert not a_result.node.GetDisplayNode().GetSegmentVisibility3D("IPH")
    an_editor.logic.Undo()
    assert mrml.segment_volumes_ml(a_result.node) == before
    an_editor.logic.Redo()
    assert mrml.segment_volumes_ml(a_result.node) == after


def test_only_the_lesion_at_the_point_moves(a_result):
    labels = a_result.label_map.labels.copy()
    labels[2, 5:8, 5:8] = 4
    label_map = LabelMap(labels, a_result.volume.grid)
    node = mrml.publish(a_result.volume_node, a_result.volume, label_map, name="two clots")
    mrml.move_lesion(node, a_result.iph_ras, "IVH")
    moved = mrml.label_map_of(node).labels
    assert np.array_equal(moved == 5, a_result.label_map.labels == 4)
    assert (moved == 4).sum() == 9


def test_moving_into_a_segment_that_the_model_does_not_know_adds_it(a_result):
    whole = np.where(head_labels(a_result.volume.grid).labels > 0, 6, 0).astype(np.uint8)
    label_map = LabelMap(whole, a_result.volume.grid)
    node = mrml.publish(a_result.volume_node, a_result.volume, label_map, name="binary", classes=("ICH",))
    mrml.move_lesion(node, a_result.sdh_ras, "SDH")
    volumes = mrml.segment_volumes_ml(node)
    assert list(volumes) == ["SDH", "ICH", "total"]
    assert volumes["SDH"] == mrml.segment_volumes_ml(a_result.node)["SDH"]
    assert node.GetSegmentation().GetSegment("SDH").GetName() == "Subdural hemorrhage"


@pytest.mark.parametrize(
    ("place", "subtype", "code"),
    [
        ((0, 0, 60), "IVH", "mrml.no_lesion"),
        (None, "Tumor", "mrml.unknown_subtype"),
    ],
)
def test_moves_that_mean_nothing_are_refused_and_change_nothing(a_result, place, subtype, code):
    with raises(InputError, code):
        mrml.move_lesion(a_result.node, place or a_result.iph_ras, subtype, save_state=pytest.fail)
    assert np.array_equal(labels_of(a_result), a_result.label_map.labels)


def test_restoring_one_lesion_leaves_other_corrections(a_result, an_editor):
    mrml.move_lesion(a_result.node, a_result.iph_ras, "IVH")
    mrml.move_lesion(a_result.node, a_result.sdh_ras, "EDH")
    mrml.restore_lesion(a_result.node, a_result.iph_ras, save_state=an_editor.logic.SaveStateForUndo)
    expected = a_result.label_map.labels.copy()
    expected[expected == 2] = 1
    assert np.array_equal(labels_of(a_result), expected)
    an_editor.logic.Undo()
    expected[expected == 4] = 5
    assert np.array_equal(labels_of(a_result), expected)


def test_an_erased_lesion_comes_back_where_it_was(a_result, an_editor):
    an_editor.stroke("IPH", np.s_[:, :, :], erase=True)
    assert mrml.segment_volumes_ml(a_result.node)["IPH"] == 0
    mrml.restore_lesion(a_result.node, a_result.iph_ras)
    assert np.array_equal(labels_of(a_result), a_result.label_map.labels)


def test_what_was_painted_onto_a_lesion_goes_with_its_restoration(a_result, an_editor):
    an_editor.stroke("IPH", np.s_[10, 22:34, 24:34])
    an_editor.stroke("IPH", np.s_[2, 2:5, 2:5])
    mrml.restore_lesion(a_result.node, a_result.iph_ras)
    expected = a_result.label_map.labels.copy()
    expected[2, 2:5, 2:5] = 4
    assert np.array_equal(labels_of(a_result), expected)


def test_nothing_to_restore_is_said(a_result):
    with raises(InputError, "mrml.no_lesion"):
        mrml.restore_lesion(a_result.node, (0, 0, 60))


def test_restoring_all_brings_removed_segments_back_and_keeps_others(a_result, an_editor):
    an_editor.stroke("IVH")
    segmentation = a_result.node.GetSegmentation()
    segmentation.AddEmptySegment("Edema", "Edema")
    an_editor.stroke("Edema", np.s_[1, 1:4, 1:4])
    segmentation.RemoveSegment("SDH")
    mrml.restore_all(a_result.node)
    assert np.array_equal(labels_of(a_result), a_result.label_map.labels)
    assert mrml.changed_by_hand(a_result.node) == frozenset()
    ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
    assert ids == ["EDH", "SDH", "SAH", "IPH", "IVH", "Edema"]
    name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    edema = segmentation.GetSegment("Edema")
    values = vtk_to_numpy(edema.GetRepresentation(name).GetPointData().GetScalars())
    assert (values == edema.GetLabelValue()).sum() == 9


def test_everything_comes_back_after_all_segments_were_removed(a_result):
    a_result.node.GetSegmentation().RemoveAllSegments()
    assert mrml.segment_volumes_ml(a_result.node) == {"total": 0.0}
    mrml.restore_all(a_result.node)
    assert np.array_equal(labels_of(a_result), a_result.label_map.labels)


def test_overlap_that_a_user_allowed_counts_once_and_can_be_resolved(a_result, an_editor):
    an_editor.parameters.SetOverwriteMode(an_editor.parameters.OverwriteNone)
    an_editor.stroke("IVH")
    assert a_result.node.GetSegmentation().GetNumberOfLayers() == 2
    assert not mrml.is_exclusive(a_result.node)
    measured = mrml.scene_volumes(a_result.node)
    assert measured.overlapping
    expected = a_result.label_map.labels.copy()
    expected[OTHER_BOX] = 5
    assert np.array_equal(labels_of(a_result), expected)
    mrml.make_exclusive(a_result.node, save_state=an_editor.logic.SaveStateForUndo)
    assert a_result.node.GetSegmentation().GetNumberOfLayers() == 1
    assert mrml.scene_volumes(a_result.node).volumes_ml == measured.volumes_ml
    mrml.make_exclusive(a_result.node, save_state=pytest.fail)


def test_surfaces_follow_a_moved_lesion(a_result):
    mrml.show_3d(a_result.node, True)
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    segmentation = a_result.node.GetSegmentation()
    polygons = segmentation.GetSegment("IPH").GetRepresentation(surface).GetNumberOfPolys()
    mrml.move_lesion(a_result.node, a_result.iph_ras, "EDH")
    assert segmentation.GetSegment("EDH").GetRepresentation(surface).GetNumberOfPolys() == polygons > 100
    assert segmentation.GetSegment("IPH").GetRepresentation(surface).GetNumberOfPolys() == 0


def test_strokes_would_be_displaced_under_the_acquisition_transform_and_hit_without_it(a_result):
    node, volume_node = a_result.node, a_result.volume_node
    again = mrml.publish(volume_node, a_result.volume, a_result.label_map, name="other run")
    before = mrml.segment_volumes_ml(node)
    transform = node.GetParentTransformNode()
    # What the editor's paint, erase and scissors effects ask for; for a warp Slicer answers with the identity.
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 7)
    assert not slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(None, transform, matrix)
    assert np.array_equal(slicer.util.arrayFromVTKMatrix(matrix), np.eye(4))
    assert mrml.edits_are_displaced(node)
    mrml.detach_acquisition_transform(node)
    assert not mrml.edits_are_displaced(node)
    assert mrml.acquisition_transform_is_detached(node)
    assert [each.GetParentTransformNode() for each in (node, volume_node, again)] == [None] * 3
    assert mrml.segment_volumes_ml(node) == before
    # A volume whose transform is aside is still read, and a result published, on its true slices.
    volume = mrml.volume_input(volume_node)
    assert volume.grid.matches(a_result.volume.grid, tolerance_mm=1e-6)
    late = mrml.publish(volume_node, volume, a_result.label_map, name="meanwhile")
    assert mrml.segment_volumes_ml(late) == before
    mrml.reattach_acquisition_transform(node)
    assert late.GetParentTransformNode() is transform
    assert mrml.segment_volumes_ml(late) == before
    assert not mrml.acquisition_transform_is_detached(node)
    assert [each.GetParentTransformNode() for each in (node, volume_node, again)] == [transform] * 3
    mrml.reattach_acquisition_transform(node)
    assert node.GetParentTransformNode() is transform
