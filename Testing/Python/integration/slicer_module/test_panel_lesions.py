# SPDX-License-Identifier: Apache-2.0
"""Lesions in the panel: the table, the mouse, and what the worker is asked."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.panel_fixtures import run_once
from builders.scene import add_acquisition_transform
from slicer_harness.editing import place

from ICHSegmentationLib.models import load_manifest
from ICHSegmentationLib.systems import box_model

FILLS = box_model(load_manifest()).name
AGREED = f"ICHSegmentation/AcknowledgedLicenses/{FILLS}"


@pytest.fixture
def boxes(a_result):
    """The panel with the lesions listed, the licence of the model that fills them agreed to."""
    import qt

    qt.QSettings().setValue(AGREED, True)
    assert a_result.ui.lesionsSection.collapsed is False
    a_result.part = a_result.panel.lesions
    a_result.form = a_result.part.widgets
    return a_result


def rows(panel):
    """Subtype, volume and confidence of each row."""
    table = panel.form.table.widget
    return [
        (table.cellWidget(row, 0).currentText, *(table.item(row, column).text() for column in (1, 4)))
        for row in range(table.rowCount)
    ]


def volumes(panel):
    from ICHSegmentationLib import mrml

    return {key: round(ml, 3) for key, ml in mrml.segment_volumes_ml(panel.node).items() if ml}


def rois(panel):
    from ICHSegmentationLib import mrml

    return mrml.rois_of(panel.node)


def button(panel, name):
    return slicer.util.findChild(panel.widget, f"{name}Button")


def choose_row(panel, row, slicer_app):
    slicer_app.click_cell(panel.form.table.widget, row, 1)


def let_go(roi, shift_mm=(0.0, 0.0, 0.0), grow_mm=(0.0, 0.0, 0.0)):
    """Move and resize a region of interest, and let go of it as the mouse does."""
    event = slicer.vtkMRMLMarkupsNode.PointEndInteractionEvent
    roi.InvokeCustomModifiedEvent(slicer.vtkMRMLMarkupsNode.PointStartInteractionEvent)
    roi.SetSize(*np.add(roi.GetSize(), grow_mm))
    roi.SetCenter(*np.add(roi.GetCenter(), shift_mm))
    roi.InvokeCustomModifiedEvent(event)


def answer(panel, fill):
    """Let the worker answer: ``fill(labels)`` is drawn into the labels less the lesion."""
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.segmentation.boxes.lesion_voxels import lesion_voxels

    request = panel.process.requests.pop()
    edit, label_map = request["edit"], request["label_map"]
    labels = label_map.labels.copy()
    if edit.before is not None:
        region, lesion = lesion_voxels(label_map, edit.before, edit.others)
        labels[region][lesion] = 0
    fill(labels)
    request["finished"](LabelMap(labels, label_map.grid))
    return request


def test_without_a_result_there_are_no_boxes(an_open_panel):
    assert an_open_panel.ui.lesionsSection.enabled is False
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []


def visible(panel):
    return [bool(roi.GetDisplayNode().GetVisibility()) for roi in rois(panel).values()]


def test_the_box_of_the_chosen_lesion_is_drawn_and_all_when_wanted(boxes, slicer_app, click):
    assert visible(boxes) == [False, False]
    choose_row(boxes, 1, slicer_app)
    assert visible(boxes) == [False, True]
    click(boxes.form.shown)
    assert visible(boxes) == [True, True]
    assert boxes.logic.getParameterNode().GetParameter("ShowBoxes") == "true"
    click(boxes.form.shown)
    assert visible(boxes) == [False, True]
    click(boxes.ui.lesionsSection)
    assert visible(boxes) == [False, False]
    click(boxes.ui.lesionsSection)
    assert visible(boxes) == [False, True]
    assert not any(roi.GetDisplayNode().GetVisibility3D() for roi in rois(boxes).values())
    click(boxes.form.shown_3d)
    assert all(roi.GetDisplayNode().GetVisibility3D() for roi in rois(boxes).values())


def test_lesions_are_listed_with_volume_and_confidence_and_have_boxes_in_their_color(boxes):
    assert rows(boxes) == [("IPH", "2.00", "—"), ("SDH", "0.40", "—")]
    found = rois(boxes)
    assert len(found) == 2
    colors = [roi.GetDisplayNode().GetSelectedColor() for roi in found.values()]
    segmentation = boxes.node.GetSegmentation()
    assert colors[0] == pytest.approx(segmentation.GetSegment("IPH").GetColor(), abs=0.01)
    assert all(roi.GetHideFromEditors() and roi.GetLocked() for roi in found.values())
    assert f"the model {FILLS}" in boxes.form._model.text


def test_confidence_is_the_models(sure_boxes):
    assert rows(sure_boxes) == [("IPH", "2.00", "80 %"), ("SDH", "0.40", "80 %")]


def test_a_chosen_row_moves_the_views_there_and_only_its_box_can_be_moved(boxes, slicer_app):
    choose_row(boxes, 1, slicer_app)
    roi = list(rois(boxes).values())[1]
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode().GetSliceToRAS()
    assert red.GetElement(2, 3) == pytest.approx(roi.GetCenter()[2], abs=0.01)
    assert [bool(each.GetLocked()) for each in rois(boxes).values()] == [True, False]
    boxes.panel.exit()
    assert [bool(each.GetLocked()) for each in rois(boxes).values()] == [True, True]


def test_a_box_that_is_let_go_is_segmented_again_and_nothing_else(boxes, slicer_app):
    choose_row(boxes, 0, slicer_app)
    roi = next(iter(rois(boxes).values()))
    before = next(iter(boxes.part._lesions.values())).box
    let_go(roi, grow_mm=(8.0, 8.0, 0.0))
    request = boxes.process.request
    assert (request["model"], request["device"]) == (FILLS, "auto")
    assert request["edit"].before == before
    assert [other.subtype for other in request["edit"].others] == ["SDH"]
    assert "Segmenting the box" in boxes.form.message

    def fill(labels):
        labels[2:4, 8:16, 10:20] = 4

    answer(boxes, fill)
    assert volumes(boxes) == {"IPH": 3.2, "SDH": 0.4, "total": 3.6}
    assert rows(boxes) == [("IPH", "3.20", "by hand"), ("SDH", "0.40", "—")]
    assert boxes.form.message == ""
    assert len(rois(boxes)) == 2


def grown(labels):
    labels[2:4, 8:16, 10:20] = 4


def test_what_the_mouse_only_touched_is_not_segmented_again(boxes, slicer_app):
    choose_row(boxes, 0, slicer_app)
    asked = len(boxes.process.requests)
    let_go(next(iter(rois(boxes).values())))
    let_go(next(iter(rois(boxes).values())), shift_mm=(0.0, 0.0, 1.0))
    assert len(boxes.process.requests) == asked


def test_a_licence_that_is_not_agreed_to_leaves_box_and_labels(boxes, slicer_app, dialogs):
    import qt

    choose_row(boxes, 0, slicer_app)
    roi = next(iter(rois(boxes).values()))
    size, before = roi.GetSize(), volumes(boxes)
    qt.QSettings().remove(AGREED)
    dialogs.answer("Cancel")
    asked = len(boxes.process.requests)
    let_go(roi, grow_mm=(8.0, 8.0, 0.0))
    slicer_app.process_events()
    assert FILLS in dialogs.shown[0]
    assert len(boxes.process.requests) == asked
    assert volumes(boxes) == before
    assert next(iter(rois(boxes).values())).GetSize() == pytest.approx(size)


def test_one_undo_brings_labels_and_box_back_and_redo_takes_both_again(boxes, slicer_app, click, wait_until):
    choose_row(boxes, 0, slicer_app)
    roi = next(iter(rois(boxes).values()))
    before = [lesion.box for lesion in boxes.part._lesions.values()]
    size = roi.GetSize()
    let_go(roi, grow_mm=(8.0, 8.0, 0.0))
    answer(boxes, grown)
    after = [lesion.box for lesion in boxes.part._lesions.values()]
    assert volumes(boxes) == {"IPH": 3.2, "SDH": 0.4, "total": 3.6}
    click(boxes.form.undo_button)
    wait_until(lambda: rows(boxes)[0][1] == "2.00", what="the list before")
    assert volumes(boxes) == {"IPH": 2.0, "SDH": 0.4, "total": 2.4}
    assert [lesion.box for lesion in boxes.part._lesions.values()] == before
    assert len(rois(boxes)) == 2
    assert rois(boxes)[next(iter(boxes.part._lesions))].GetSize() == pytest.approx(size)
    boxes.panel.corrections._editor.widget.redo()
    wait_until(lambda: rows(boxes)[0][1] == "3.20", what="the list after")
    assert [lesion.box for lesion in boxes.part._lesions.values()] == after
    assert len(rois(boxes)) == 2


def test_a_deleted_box_takes_its_lesion_at_once_and_undo_brings_both_back(boxes, slicer_app, click, wait_until):
    choose_row(boxes, 0, slicer_app)
    asked = len(boxes.process.requests)
    click(boxes.form.delete_button)
    assert len(boxes.process.requests) == asked
    assert volumes(boxes) == {"SDH": 0.4, "total": 0.4}
    assert (len(rois(boxes)), rows(boxes)) == (1, [("SDH", "0.40", "—")])
    assert boxes.ui.resultsTable.item(3, 1).text() == "0.00"
    click(boxes.form.undo_button)
    wait_until(lambda: len(rows(boxes)) == 2, what="the list before")
    assert volumes(boxes) == {"IPH": 2.0, "SDH": 0.4, "total": 2.4}
    assert len(rois(boxes)) == 2


def rename(panel, row, subtype, choose):
    choose(panel.form.table.widget.cellWidget(row, 0), subtype)


def test_another_subtype_in_the_row_keeps_the_voxels(boxes, choose):
    rename(boxes, 1, "EDH", choose)
    assert volumes(boxes) == {"EDH": 0.4, "IPH": 2.0, "total": 2.4}
    assert sorted(rows(boxes)) == [("EDH", "0.40", "by hand"), ("IPH", "2.00", "—")]
    roi = rois(boxes)[boxes.form.table.chosen]
    assert roi.GetDisplayNode().GetSelectedColor() == pytest.approx(
        boxes.node.GetSegmentation().GetSegment("EDH").GetColor(), abs=0.01
    )
    asked = len(boxes.process.requests)
    row = [name for name, _ml, _sure in rows(boxes)].index("EDH")
    rename(boxes, row, "EDH", choose)
    assert (len(boxes.process.requests), volumes(boxes)["EDH"]) == (asked, 0.4)


def test_twelve_changes_of_every_kind_are_undone_one_by_one(boxes, choose, click, slicer_app):
    states = [volumes(boxes)]
    for step in range(5):
        row = [name for name, _ml, _sure in rows(boxes)].index(("IPH", "SAH")[step % 2])
        rename(boxes, row, ("SAH", "IPH")[step % 2], choose)
        states.append(volumes(boxes))
    choose_row(boxes, 0, slicer_app)
    click(boxes.form.delete_button)
    states.append(volumes(boxes))
    click(boxes.form.restore_all_button)
    states.append(volumes(boxes))
    for state in reversed(states[:-1]):
        click(boxes.form.undo_button)
        assert volumes(boxes) == state


def test_size_place_and_confidence_are_in_the_row(an_open_panel, click):
    from builders.panel import a_small_ct, some_labels

    from ICHSegmentationLib.anatomy.brain_frame import BrainFrame
    from ICHSegmentationLib.core.lesion_boxes import lesion_boxes

    ct = a_small_ct()
    # The head's midline goes through the column between the two halves; the lesions are at the right of the image,
    # which is the patient's left.
    x, y, z = ct.grid.points_mm(np.array([2.5, 20.0, 9.0])).tolist()
    frame = BrainFrame(np.diag([1.0, -1.0, 1.0]), np.array([-x, y, -z + 20.0]), 0.5)
    found = lesion_boxes(some_labels(ct), np.full((6, 40, 40), 204, dtype=np.uint8))
    run_once(an_open_panel, click, boxes=found, brain_frame=frame.to_numbers())
    table = an_open_panel.panel.lesions.widgets.table.widget
    texts = [[table.item(row, column).text() for column in (1, 2, 3, 4)] for row in range(2)]
    # 10 x 5 x 2 voxels of 2 x 2 x 5 mm between the middles of their outer faces.
    assert texts[0][0::2] == ["2.00", "22"]
    assert texts[0][1].startswith("left ")
    assert [row[3] for row in texts] == ["80 %", "80 %"]
    assert "not calibrated" in table.toolTip


def test_keys_and_buttons_choose_the_next_and_the_previous_lesion(boxes, slicer_app, click):
    from PySide6 import QtCore, QtTest

    def press(key):
        QtTest.QTest.keyClick(slicer.util.mainWindow(), key, QtCore.Qt.KeyboardModifier.AltModifier)
        slicer_app.process_events()
        return list(boxes.part._lesions).index(boxes.form.table.chosen)

    down, up = QtCore.Qt.Key.Key_Down, QtCore.Qt.Key.Key_Up
    assert [press(down), press(down), press(down), press(up)] == [0, 1, 0, 1]
    yellow = slicer.app.layoutManager().sliceWidget("Yellow").mrmlSliceNode().GetSliceToRAS()
    assert yellow.GetElement(0, 3) == pytest.approx(boxes.part._chosen.ras_mm[0], abs=0.01)
    click(boxes.form.next_button)
    assert list(boxes.part._lesions).index(boxes.form.table.chosen) == 0
    click(boxes.form.previous_button)
    assert list(boxes.part._lesions).index(boxes.form.table.chosen) == 1
    boxes.panel.exit()
    assert boxes.part._keys._shortcuts == []
    boxes.panel.enter(boxes.logic.getParameterNode())
    assert press(down) == 0


@pytest.fixture
def sure_boxes(an_open_panel, click):
    """The panel on a result with the model's boxes, 80 % sure."""
    from builders.panel import a_small_ct, some_labels

    from ICHSegmentationLib.core.lesion_boxes import lesion_boxes

    found = lesion_boxes(some_labels(a_small_ct()), np.full((6, 40, 40), 204, dtype=np.uint8))
    run_once(an_open_panel, click, boxes=found)
    an_open_panel.part = an_open_panel.panel.lesions
    an_open_panel.form = an_open_panel.part.widgets
    return an_open_panel


def test_one_lesion_is_restored_with_the_subtype_of_its_row(sure_boxes, choose, click):
    boxes = sure_boxes
    rename(boxes, 0, "SAH", choose)
    rename(boxes, 1, "EDH", choose)
    assert rows(boxes) == [("SAH", "2.00", "by hand"), ("EDH", "0.40", "by hand")]
    click(boxes.form.restore_button)
    assert volumes(boxes) == {"SDH": 0.4, "SAH": 2.0, "total": 2.4}
    assert rows(boxes) == [("SAH", "2.00", "by hand"), ("SDH", "0.40", "80 %")]
    click(boxes.form.restore_all_button)
    assert rows(boxes) == [("IPH", "2.00", "80 %"), ("SDH", "0.40", "80 %")]
    click(boxes.form.undo_button)
    assert volumes(boxes) == {"SDH": 0.4, "SAH": 2.0, "total": 2.4}


def test_an_erased_lesion_stays_in_the_table_and_is_restored(sure_boxes, click, slicer_app, wait_until):
    from slicer_harness.editing import paint

    from ICHSegmentationLib import mrml

    panel = sure_boxes
    small = mrml.lesions(panel.node)[1]
    panel.ui.correctSection.collapsed = False
    editor = panel.panel.corrections._editor.widget
    editor.setCurrentSegmentID("SDH")
    paint(editor, small.ras_mm, 30.0, erase=True)
    wait_until(lambda: rows(panel)[1] == ("SDH", "0.00", "by hand"), what="the erased lesion")
    choose_row(panel, 1, slicer_app)
    click(panel.form.restore_button)
    assert volumes(panel) == {"IPH": 2.0, "SDH": 0.4, "total": 2.4}
    assert rows(panel) == [("IPH", "2.00", "80 %"), ("SDH", "0.40", "80 %")]


def test_an_edit_lists_the_lesions_anew_a_moment_later(boxes, wait_until):
    from ICHSegmentationLib import mrml

    small = mrml.lesions(boxes.node)[1]
    mrml.move_lesion(boxes.node, small.ras_mm, "EDH")
    wait_until(lambda: sorted(row[0] for row in rows(boxes)) == ["EDH", "IPH"], what="the new list")


def brighten(panel, voxels, hu):
    array = slicer.util.arrayFromVolume(panel.volume)
    array[voxels] = hu
    slicer.util.arrayFromVolumeModified(panel.volume)


def test_one_click_on_a_missed_bleed_makes_a_box_around_what_is_bright_and_segments_it(boxes, click):
    from builders.panel import a_small_ct

    brighten(boxes, np.s_[1:3, 24:28, 22:30], 62)
    x, y, z = a_small_ct().grid.points_mm(np.array([2.0, 26.0, 25.0])).tolist()
    click(button(boxes, "clickSAH"))
    assert "Click on the missed SAH" in boxes.form.message
    place([(-x, -y, z)])
    edit = boxes.process.request["edit"]
    assert (edit.before, edit.after.subtype, edit.after.slices, len(edit.others)) == (None, "SAH", (1, 2), 2)
    # 8 x 4 pixels of 2 mm, smoothed by less than a pixel, with a margin of 3 mm on each side.
    size = np.abs(np.subtract(edit.after.to_lps_mm, edit.after.from_lps_mm))
    assert size[:2] == pytest.approx([22.0, 14.0], abs=0.1)
    middle = np.mean([edit.after.from_lps_mm, edit.after.to_lps_mm], axis=0)
    assert middle[:2] == pytest.approx(a_small_ct().grid.points_mm(np.array([2.0, 25.5, 25.5]))[:2], abs=0.1)

    def fill(labels):
        labels[1:3, 24:28, 22:30] = 3

    answer(boxes, fill)
    assert ("SAH", "1.28", "by hand") in rows(boxes)
    assert boxes.part._chosen.box == edit.after
    assert rois(boxes)[boxes.form.table.chosen].GetLocked() == 0
    assert boxes.form.message == ""


def test_where_nothing_is_bright_the_box_has_a_default_size(boxes, click):
    from builders.panel import a_small_ct

    x, y, z = a_small_ct().grid.points_mm(np.array([2.0, 26.0, 25.0])).tolist()
    click(button(boxes, "clickIVH"))
    place([(-x, -y, z)])
    edit = boxes.process.request["edit"]
    size = np.abs(np.subtract(edit.after.to_lps_mm, edit.after.from_lps_mm))
    assert size[:2] == pytest.approx([30.0, 30.0], abs=0.01)


def test_a_box_is_drawn_by_two_clicks_for_a_missed_lesion_and_for_a_chosen_one(boxes, click, slicer_app):
    from builders.panel import a_small_ct

    grid = a_small_ct().grid
    corners = [grid.points_mm(np.array([3.0, *corner])) * [-1, -1, 1] for corner in ((19.5, 19.5), (25.5, 27.5))]
    click(button(boxes, "drawEDH"))
    assert "two opposite corners" in boxes.form.message
    place(corners)
    edit = boxes.process.request["edit"]
    assert (edit.before, edit.after.subtype) == (None, "EDH")
    size = np.abs(np.subtract(edit.after.to_lps_mm, edit.after.from_lps_mm))
    assert size[:2] == pytest.approx([16.0, 12.0], abs=0.01)
    # As deep as its shorter side: 12 mm around the middle of the third slice of 5 mm.
    assert edit.after.slices == (2, 4)
    answer(boxes, lambda _labels: None)

    choose_row(boxes, 1, slicer_app)
    before = boxes.part._chosen.box
    click(boxes.form.redraw_button)
    place(corners)
    edit = boxes.process.request["edit"]
    assert (edit.before, edit.after.subtype) == (before, "IPH")
    answer(boxes, lambda _labels: None)


def test_placing_that_is_given_up_leaves_nothing_behind(boxes, click, slicer_app):
    asked = len(boxes.process.requests)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    interaction = slicer.app.applicationLogic().GetInteractionNode()
    click(button(boxes, "drawEDH"))
    interaction.SwitchToViewTransformMode()
    slicer_app.process_events()
    assert (boxes.form.message, slicer.mrmlScene.GetNumberOfNodes()) == ("", nodes)
    click(button(boxes, "clickEDH"))
    click(button(boxes, "clickSDH"))
    boxes.panel.exit()
    slicer_app.process_events()
    assert interaction.GetCurrentInteractionMode() == interaction.ViewTransform
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes
    assert len(boxes.process.requests) == asked


def test_a_click_outside_the_scan_is_refused_with_one_sentence(boxes, click):
    asked = len(boxes.process.requests)
    click(button(boxes, "clickSAH"))
    place([(500.0, 0.0, 0.0)])
    assert "outside the scan" in boxes.form.message
    click(button(boxes, "clickSAH"))
    place([next(iter(boxes.part._lesions.values())).ras_mm])
    assert "is labelled already" in boxes.form.message
    assert len(boxes.process.requests) == asked


def test_an_empty_box_is_listed_and_can_be_moved_deleted_and_undone(boxes, click, wait_until):
    from builders.panel import a_small_ct

    x, y, z = a_small_ct().grid.points_mm(np.array([2.0, 26.0, 25.0])).tolist()
    click(button(boxes, "clickIVH"))
    place([(-x, -y, z)])
    answer(boxes, lambda _labels: None)
    assert ("IVH", "0.00", "by hand") in rows(boxes)
    click(boxes.form.delete_button)
    assert len(rows(boxes)) == 2
    click(boxes.form.undo_button)
    wait_until(lambda: len(rows(boxes)) == 3, what="the empty box")
    click(boxes.form.undo_button)
    wait_until(lambda: len(rows(boxes)) == 2, what="no empty box")


def test_a_box_that_is_moved_again_meanwhile_is_segmented_once_more_as_it_is_last(boxes, slicer_app):
    choose_row(boxes, 0, slicer_app)
    roi = next(iter(rois(boxes).values()))
    let_go(roi, grow_mm=(8.0, 0.0, 0.0))
    first = boxes.process.request["edit"]
    let_go(roi, grow_mm=(0.0, 8.0, 0.0))
    let_go(roi, grow_mm=(0.0, 8.0, 0.0))
    asked = len(boxes.process.requests)
    size = roi.GetSize()
    answer(boxes, grown)
    assert len(boxes.process.requests) == asked
    second = boxes.process.request["edit"]
    assert second.before == first.after
    assert next(iter(rois(boxes).values())) is roi
    assert roi.GetSize() == pytest.approx(size)
    answer(boxes, grown)
    assert boxes.part._chosen.box == second.after
    assert (len(rois(boxes)), len(rows(boxes)), boxes.part.changes.keys) == (2, 2, set())


def test_two_boxes_that_are_changed_one_after_the_other_are_both_segmented(boxes, slicer_app, click):
    choose_row(boxes, 0, slicer_app)
    let_go(next(iter(rois(boxes).values())), grow_mm=(8.0, 0.0, 0.0))
    choose_row(boxes, 1, slicer_app)
    click(boxes.form.delete_button)
    assert volumes(boxes)["SDH"] == 0.4
    answer(boxes, grown)
    assert volumes(boxes) == {"IPH": 3.2, "total": 3.2}
    assert len(rois(boxes)) == len(rows(boxes)) == 1


def test_where_the_worker_fails_the_box_goes_back_with_one_sentence(boxes, slicer_app):
    from ICHSegmentationPanel.process import make_failure

    choose_row(boxes, 0, slicer_app)
    roi = next(iter(rois(boxes).values()))
    size, center = roi.GetSize(), roi.GetCenter()
    let_go(roi, shift_mm=(6.0, 0.0, 0.0), grow_mm=(8.0, 8.0, 0.0))
    boxes.process.request["failed"](make_failure("crashed", "The worker has stopped."))
    assert boxes.form.message == "<b>The worker has stopped.</b>"
    assert (roi.GetSize(), roi.GetCenter()) == (pytest.approx(size), pytest.approx(center))
    assert volumes(boxes) == {"IPH": 2.0, "SDH": 0.4, "total": 2.4}
    let_go(roi, grow_mm=(8.0, 8.0, 0.0))
    answer(boxes, grown)
    assert (volumes(boxes)["IPH"], boxes.form.message) == (3.2, "")


def test_while_other_work_is_under_way_the_box_goes_back(boxes, slicer_app):
    choose_row(boxes, 0, slicer_app)
    roi = next(iter(rois(boxes).values()))
    size = roi.GetSize()
    boxes.process.busy = True
    let_go(roi, grow_mm=(8.0, 8.0, 0.0))
    assert "Other work is under way" in boxes.form.message
    assert roi.GetSize() == pytest.approx(size)


def test_a_box_outside_the_scan_goes_back(boxes, slicer_app):
    choose_row(boxes, 0, slicer_app)
    roi = next(iter(rois(boxes).values()))
    center = roi.GetCenter()
    let_go(roi, shift_mm=(500.0, 0.0, 0.0))
    assert "lies outside the image" in boxes.form.message
    assert roi.GetCenter() == pytest.approx(center)


def test_what_the_brush_did_meanwhile_and_before_stays(boxes, slicer_app, wait_until):
    from slicer_harness.editing import paint

    from ICHSegmentationLib import mrml

    small = mrml.lesions(boxes.node)[1]
    choose_row(boxes, 0, slicer_app)
    boxes.ui.correctSection.collapsed = False
    editor = boxes.panel.corrections._editor.widget
    editor.setCurrentSegmentID("EDH")
    x, y, z = small.ras_mm
    paint(editor, (x, y + 14.0, z), 0.9)
    let_go(next(iter(rois(boxes).values())), grow_mm=(8.0, 8.0, 0.0))
    paint(editor, (x, y + 20.0, z), 0.9)
    answer(boxes, grown)
    assert volumes(boxes) == {"EDH": 0.04, "SDH": 0.4, "IPH": 3.2, "total": 3.64}
    wait_until(lambda: len(rows(boxes)) == 4, what="the painted lesions")
    assert len(rois(boxes)) == 4


def test_a_painted_lesion_inside_a_neighbours_box_is_not_taken_along(boxes, slicer_app, click, wait_until):
    from slicer_harness.editing import paint

    from ICHSegmentationLib import mrml

    choose_row(boxes, 0, slicer_app)
    let_go(next(iter(rois(boxes).values())), grow_mm=(60.0, 60.0, 20.0))
    answer(boxes, grown)
    boxes.ui.correctSection.collapsed = False
    editor = boxes.panel.corrections._editor.widget
    editor.setCurrentSegmentID("IPH")
    x, y, z = mrml.lesions(boxes.node)[0].ras_mm
    paint(editor, (x, y - 20.0, z), 0.9)
    wait_until(lambda: len(rows(boxes)) == 3, what="the painted lesion")
    choose_row(boxes, 0, slicer_app)
    assert boxes.part._chosen.volume_ml == pytest.approx(3.2)
    click(boxes.form.delete_button)
    assert volumes(boxes) == {"IPH": 0.02, "SDH": 0.4, "total": 0.42}


def test_boxes_of_another_result_are_hidden_and_go_with_it(boxes, click):
    first, firsts = boxes.node, list(rois(boxes).values())
    second = run_once(boxes, click)
    assert second is not first
    assert len(rois(boxes)) == 2
    assert not any(roi.GetDisplayNode().GetVisibility() for roi in firsts)
    slicer.mrmlScene.RemoveNode(first)
    assert set(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == set(rois(boxes).values())


def test_a_result_that_goes_during_the_work_ends_it(boxes, slicer_app):
    choose_row(boxes, 0, slicer_app)
    let_go(next(iter(rois(boxes).values())), grow_mm=(8.0, 8.0, 0.0))
    slicer.mrmlScene.RemoveNode(boxes.node)
    assert boxes.process.calls[-1] == "abandon"
    assert slicer.util.getNodesByClass("vtkMRMLMarkupsROINode") == []
    assert rows(boxes) == []


def test_the_model_that_filled_boxes_is_kept_and_told_in_exports(boxes, slicer_app):
    from ICHSegmentationPanel.sections.export import _box_note

    assert _box_note(boxes.node) == ()
    choose_row(boxes, 0, slicer_app)
    let_go(next(iter(rois(boxes).values())), grow_mm=(8.0, 8.0, 0.0))
    answer(boxes, grown)
    assert _box_note(boxes.node) == (
        f"Lesions in boxes that were drawn or changed by hand were segmented with the model {FILLS}.",
    )


def test_under_the_acquisition_transform_boxes_are_edited_in_place(an_open_panel, click, slicer_app):
    import qt
    from builders.grids import make_grid

    panel = an_open_panel
    grid = make_grid(rows=40, columns=40, spacing_mm=(2.0, 2.0), steps_mm=(5.0, 5.0, 5.0, 9.0, 9.0), tilt_deg=12.0)
    add_acquisition_transform(panel.volume, grid)
    run_once(panel, click)
    panel.part, panel.form = panel.panel.lesions, panel.panel.lesions.widgets
    assert len(rois(panel)) == 2
    qt.QSettings().setValue(AGREED, True)
    choose_row(panel, 0, slicer_app)
    let_go(next(iter(rois(panel).values())), grow_mm=(8.0, 0.0, 0.0))
    assert panel.process.request["edit"].before.slices == panel.process.request["edit"].after.slices == (2, 3)
    answer(panel, grown)
    click(panel.ui.correctSection)
    click(panel.ui.detachButton)
    assert panel.form._warning.visible is True
    assert panel.form.delete_button.enabled is False
    assert not any(roi.GetDisplayNode().GetVisibility() for roi in rois(panel).values())
    click(panel.ui.detachButton)
    assert panel.form._warning.visible is False
    assert visible(panel) == [True, False]
