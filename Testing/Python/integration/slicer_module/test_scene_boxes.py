# SPDX-License-Identifier: Apache-2.0
"""Boxes of a result in the scene: where they stand, what a change does to the labels, and what undo brings back."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.scene import add_transform, publish_head, save_and_reopen

from ICHSegmentationLib import mrml
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.scan.grid import LPS_TO_RAS
from ICHSegmentationLib.mrml.boxes.box_record import read_record
from ICHSegmentationLib.segmentation.boxes.segmentation import edit_without_segmenter


def a_head(**options):
    """A tilted head in the scene, with the boxes of its two lesions (SDH, IPH or the other way round)."""
    head = publish_head(**options)
    head.boxes = lesion_boxes(head.label_map)
    mrml.keep_boxes(head.node, head.boxes, head.label_map.labels)
    return head


def rois(head):
    slices = mrml.shown_slices(head.node)
    mrml.sync_rois(head.node, {lesion.key: lesion.box for lesion in mrml.box_lesions(head.node)}, slices)
    return mrml.rois_of(head.node), slices


def bounds_of(roi):
    """Return (2, 3) lower and upper end of a region of interest in its own axes, and these as columns, world RAS."""
    matrix = slicer.util.arrayFromVTKMatrix(roi.GetObjectToWorldMatrix())
    axes = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    middle, half = matrix[:3, 3] @ axes, np.array(roi.GetSize()) / 2
    return np.stack([middle - half, middle + half]), axes


def shown_voxels(head, box):
    """Return where the voxels of a box's lesion are shown, world RAS, through Slicer's own transforms."""
    from ICHSegmentationLib.mrml.nodes import apply, to_world
    from ICHSegmentationLib.mrml.segmentation.result_grid import result_grid

    where = result_grid(head.node)
    found = np.argwhere(head.label_map.labels == box.label)
    return np.array([to_world(head.node, apply(where.lattice_ijk, where.to_ijk(voxel))) for voxel in found])


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("acquisition", [False, True])
def test_a_box_stands_around_its_lesion_where_the_views_show_it(acquisition, linear):
    head = a_head(acquisition=acquisition)
    if linear:
        transform = add_transform(head.scene, [[0.0, -1, 0, 12], [1, 0, 0, -7], [0, 0, 1, 30], [0, 0, 0, 1]])
        acquired = head.node.GetParentTransformNode()
        for node in (acquired,) if acquisition else (head.node, head.volume_node):
            node.SetAndObserveTransformNodeID(transform.GetID())
    found, slices = rois(head)
    assert slices.transform_id == (transform.GetID() if linear else None)
    for lesion in mrml.box_lesions(head.node):
        bounds, axes = bounds_of(found[lesion.key])
        places = shown_voxels(head, lesion.box) @ axes
        assert (places.min(axis=0) > bounds[0]).all()
        assert (places.max(axis=0) < bounds[1]).all()
        # No more than a pixel and half a slice of room.
        assert (places.min(axis=0) - bounds[0])[:2] == pytest.approx([1.35, 1.25], abs=0.3)
        assert (bounds[1] - places.max(axis=0))[2] < 7.4 / 2 + 0.1


def test_what_was_not_moved_is_the_very_same_box():
    head = a_head()
    found, slices = rois(head)
    for lesion in mrml.box_lesions(head.node):
        assert mrml.box_of_roi(found[lesion.key], slices, lesion.box) is lesion.box


@pytest.mark.parametrize("acquisition", [False, True])
def test_a_moved_box_moves_by_as_many_mm_in_the_patient(acquisition):
    head = a_head(acquisition=acquisition)
    found, slices = rois(head)
    lesion = mrml.box_lesions(head.node)[0]
    roi = found[lesion.key]
    # 6 mm along the columns and 4 mm back along the rows, as the mouse would on an axial slice.
    shift = slices.axes_ras @ [6.0, -4.0, 0.0]
    roi.SetCenter(*(np.array(roi.GetCenter()) + shift))
    moved = mrml.box_of_roi(roi, slices, lesion.box)
    assert moved.slices == lesion.box.slices
    for now, then in ((moved.from_lps_mm, lesion.box.from_lps_mm), (moved.to_lps_mm, lesion.box.to_lps_mm)):
        assert np.subtract(now, then) == pytest.approx(shift * LPS_TO_RAS, abs=2e-3)


def test_a_box_that_is_pulled_across_the_slices_takes_those_whose_middle_it_holds():
    head = a_head()
    found, slices = rois(head)
    lesion = mrml.box_lesions(head.node)[0]
    roi, (first, last) = found[lesion.key], lesion.box.slices
    step = head.volume.grid.slice_distances_mm[last]
    bounds, axes = bounds_of(roi)
    grid = head.volume.grid
    up = np.sign((grid.positions_mm[1] - grid.positions_mm[0]) @ grid.normal)
    for by, expected in ((0.3 * step, last), (0.6 * step, last + 1)):
        roi.SetSize(*(bounds[1] - bounds[0] + [0, 0, by]))
        roi.SetCenter(*(axes @ (bounds.mean(axis=0) + np.array([0, 0, up * by / 2]))))
        pulled = mrml.box_of_roi(roi, slices, lesion.box)
        assert pulled.slices == (first, expected)
        assert pulled.edges(head.volume.grid) == pytest.approx(lesion.box.edges(head.volume.grid), abs=1e-3)


def test_a_flat_box_between_two_slices_keeps_one():
    head = a_head()
    found, slices = rois(head)
    lesion = mrml.box_lesions(head.node)[0]
    roi = found[lesion.key]
    size = roi.GetSize()
    roi.SetSize(size[0], size[1], 0.1)
    assert len(set(mrml.box_of_roi(roi, slices, lesion.box).slices)) == 1


def test_while_the_tilted_stack_is_shown_straight_no_box_fits():
    head = a_head()
    mrml.detach_acquisition_transform(head.node)
    assert mrml.shown_slices(head.node) is None
    mrml.reattach_acquisition_transform(head.node)
    assert mrml.shown_slices(head.node) is not None


def test_a_new_box_lies_around_the_point():
    head = a_head()
    _, slices = rois(head)
    box = mrml.new_box(head.node, slices, head.iph_ras, "SAH")
    middle = np.array([box.from_lps_mm, box.to_lps_mm]).mean(axis=0)
    assert middle == pytest.approx(np.array(head.iph_ras) * LPS_TO_RAS, abs=4.0)
    assert box.subtype == "SAH"
    edges = box.edges(head.volume.grid)
    assert (edges[1] - edges[0]) * head.volume.grid.spacing_mm == pytest.approx([30, 30], abs=0.01)


def edit(head, key, after, labels=None, save_state=None):
    """Do what the panel does with a change of a box; ``labels`` is what the worker answers."""
    asked = mrml.request_edit(head.node, key, after)
    return mrml.apply_edit(
        head.node, asked, labels or edit_without_segmenter(asked.label_map, asked.edit), save_state=save_state
    )


def volumes(head):
    return {name: round(ml, 2) for name, ml in mrml.segment_volumes_ml(head.node).items() if ml}


def test_a_deleted_box_takes_its_lesion_and_one_undo_brings_both_back():
    head = a_head()
    editor = an_undo_of(head)
    before, listed = volumes(head), mrml.box_lesions(head.node)
    sdh = next(lesion for lesion in listed if lesion.box.subtype == "SDH")
    assert edit(head, sdh.key, None, save_state=editor.SaveStateForUndo) is None
    assert volumes(head) == {"IPH": before["IPH"], "total": before["IPH"]}
    assert [lesion.box.subtype for lesion in mrml.box_lesions(head.node)] == ["IPH"]
    editor.Undo()
    assert (volumes(head), mrml.box_lesions(head.node)) == (before, listed)
    editor.Redo()
    assert [lesion.box.subtype for lesion in mrml.box_lesions(head.node)] == ["IPH"]


def test_another_subtype_keeps_voxels_confidence_and_place():
    head = a_head()
    before, sdh = volumes(head), next(each for each in mrml.box_lesions(head.node) if each.box.subtype == "SDH")
    edit(head, sdh.key, sdh.box.model_copy(update={"subtype": "EDH"}))
    now = {lesion.key: lesion for lesion in mrml.box_lesions(head.node)}[sdh.key]
    assert (now.box.subtype, now.volume_ml, now.confidence) == ("EDH", sdh.volume_ml, 1.0)
    assert volumes(head) == {"EDH": before["SDH"], "IPH": before["IPH"], "total": before["total"]}


def test_a_moved_box_has_no_confidence_and_only_what_changed_is_written():
    from ICHSegmentationLib.core.label_map import LabelMap

    head = a_head()
    iph = next(each for each in mrml.box_lesions(head.node) if each.box.subtype == "IPH")
    moved = iph.box.enlarged(head.volume.grid, 4.0)
    asked = mrml.request_edit(head.node, iph.key, moved)
    assert asked.edit.before == iph.box
    answer = asked.label_map.labels.copy()
    answer[answer == iph.box.label] = 0
    answer[10, 20:22, 20:22] = iph.box.label
    # Meanwhile the user moves the other lesion to another subtype.
    mrml.move_lesion(head.node, head.sdh_ras, "SAH")
    with_sah = volumes(head)["SAH"]
    assert mrml.apply_edit(head.node, asked, LabelMap(answer, head.volume.grid)) == iph.key
    labels = mrml.label_map_of(head.node)
    assert (labels.labels == iph.box.label).sum() == 4
    assert volumes(head)["SAH"] == with_sah
    now = {lesion.key: lesion for lesion in mrml.box_lesions(head.node)}[iph.key]
    assert (now.box, now.confidence) == (moved, None)


def test_a_lesion_that_was_painted_into_a_neighbours_box_stays_when_that_is_deleted():
    head = a_head()
    iph = next(each for each in mrml.box_lesions(head.node) if each.box.subtype == "IPH")
    wide = iph.box.enlarged(head.volume.grid, 20.0)
    edit(head, iph.key, wide, labels=head.label_map)
    painted = paint_beside(head, wide)
    listed = mrml.box_lesions(head.node)
    assert [each.confidence for each in listed if each.box.subtype == "IPH"] == [None, None]
    assert listed[-1].volume_ml == pytest.approx(painted, abs=1e-6)
    edit(head, iph.key, None)
    assert volumes(head)["IPH"] == round(painted, 2)
    assert [each.box.subtype for each in mrml.box_lesions(head.node)] == ["SDH", "IPH"]


def paint_beside(head, box):
    """Paint 8 voxels of the box's subtype into one of its corners; return their mL."""
    from ICHSegmentationLib.mrml.segmentation.corrections import write_correction
    from ICHSegmentationLib.mrml.segmentation.layers import read_labels

    block = read_labels(head.node)
    whole = block.spread((0, 0, 0), head.volume.grid.shape)
    region, inside = box.voxels(head.volume.grid)
    number, row, column = (np.argwhere(inside)[0] + [part.start for part in region]).tolist()
    spot = np.s_[number : number + 2, row : row + 2, column : column + 2]
    assert not whole[spot].any()
    whole[spot] = box.label
    write_correction(head.node, whole, block, (0, 0, 0), None)
    return 4 * float(head.volume.grid.voxel_volumes_mm3[number : number + 2].sum()) / 1000


def test_a_result_of_an_earlier_version_gets_its_boxes_from_its_labels():
    head = publish_head()
    listed = mrml.box_lesions(head.node)
    assert [lesion.box for lesion in listed] == list(lesion_boxes(head.label_map))
    assert [lesion.confidence for lesion in listed] == [None, None]
    assert sum(lesion.volume_ml for lesion in listed) == pytest.approx(mrml.segment_volumes_ml(head.node)["total"])
    key = edit(head, listed[0].key, listed[0].box.model_copy(update={"subtype": "IVH"}))
    assert key == "1"
    assert [kept.key for kept in read_record(head.node).boxes] == ["1"]
    assert len(mrml.box_lesions(head.node)) == 2


def test_a_damaged_record_is_made_anew_from_the_labels(caplog):
    head = a_head()
    head.node.GetSegmentation().GetNthSegment(0).SetTag("ICHSegmentation.Boxes", "{")
    assert [lesion.box for lesion in mrml.box_lesions(head.node)] == list(head.boxes)
    assert "are damaged" in caplog.text


def test_boxes_are_saved_with_the_scene_and_found_again_once(tmp_path):
    head = a_head()
    found, _ = rois(head)
    assert all(roi.GetHideFromEditors() for roi in found.values())
    opened = save_and_reopen(head.scene, tmp_path)
    node = opened.GetFirstNodeByName("Hemorrhage")
    assert [lesion.box for lesion in mrml.box_lesions(node)] == list(head.boxes)
    # What shows them is not saved, but made anew.
    assert mrml.rois_of(node) == {}
    assert opened.GetNumberOfNodesByClass("vtkMRMLMarkupsROIDisplayNode") == 0
    boxes = {lesion.key: lesion.box for lesion in mrml.box_lesions(node)}
    slices = mrml.shown_slices(node)
    for _ in range(2):
        mrml.sync_rois(node, boxes, slices)
    again = mrml.rois_of(node)
    assert opened.GetNumberOfNodesByClass("vtkMRMLMarkupsROINode") == len(again) == len(found) == 2
    for key, roi in again.items():
        assert mrml.box_of_roi(roi, slices, boxes[key]) is boxes[key]
        np.testing.assert_allclose(bounds_of(roi)[0], bounds_of(found[key])[0], atol=1e-3)


def test_boxes_go_with_their_result_and_those_of_another_result_are_hidden():
    head = a_head()
    found, _ = rois(head)
    mrml.show_rois(head.node, True)
    mrml.remove_strays(head.scene, None)
    assert not any(roi.GetDisplayNode().GetVisibility() for roi in found.values())
    head.scene.RemoveNode(head.node)
    mrml.remove_strays(head.scene, None)
    assert head.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsROINode") == 0
    assert head.scene.GetNumberOfNodesByClass("vtkMRMLMarkupsROIDisplayNode") == 0


def test_only_the_chosen_box_can_be_moved():
    head = a_head()
    found, _ = rois(head)
    first, second = found
    mrml.choose_roi(head.node, second)
    assert (found[first].GetLocked(), found[second].GetLocked()) == (1, 0)
    assert found[second].GetDisplayNode().GetHandlesInteractive()
    mrml.choose_roi(head.node, None)
    assert (found[first].GetLocked(), found[second].GetLocked()) == (1, 1)


def an_undo_of(head):
    """Return the logic of Slicer's Segment Editor on the result."""
    parameters = slicer.vtkMRMLSegmentEditorNode()
    head.scene.AddNode(parameters)
    logic = slicer.vtkSlicerSegmentEditorLogic()
    logic.SetMRMLScene(head.scene)
    logic.SetSegmentEditorNode(parameters)
    logic.SetSegmentationNode(head.node)
    logic.SetSourceVolumeNode(head.volume_node)
    logic.SetMaximumNumberOfUndoStates(20)
    return logic
