# SPDX-License-Identifier: Apache-2.0
"""The result that is looked at: its table, and how the views show it."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.panel_fixtures import run_once

IPH_ROW, TOTAL_ROW = 3, 5


def column(panel, number):
    table = panel.ui.resultsTable
    return [table.item(row, number).text() for row in range(table.rowCount)]


def erase(node, segment_id):
    """Take the upper half of a segment away, as the editor's logic does it."""
    import vtk

    segment = node.GetSegmentation().GetSegment(segment_id)
    mask = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment_id, mask)
    extent = list(mask.GetExtent())
    values = vtk.util.numpy_support.vtk_to_numpy(mask.GetPointData().GetScalars())
    shape = [extent[2 * axis + 1] - extent[2 * axis] + 1 for axis in (2, 1, 0)]
    values.reshape(shape)[shape[0] // 2 :] = 0
    slicer.vtkSlicerSegmentationsModuleLogic.SetBinaryLabelmapToSegment(mask, node, segment_id, 0)
    return segment


def test_the_table_lists_the_subtypes_in_their_order_with_volumes(a_result):
    assert column(a_result, 0) == [
        "Epidural",
        "Subdural",
        "Subarachnoid",
        "Intraparenchymal",
        "Intraventricular",
        "Total",
    ]
    assert column(a_result, 1) == ["0.00", "0.40", "0.00", "2.00", "0.00", "2.40"]
    assert column(a_result, 2) == ["0 %", "17 %", "0 %", "83 %", "0 %", "100 %"]
    assert column(a_result, 3) == [""] * 6


FOUND = "<b>Hemorrhage found:</b> 2 lesions, {total} mL, largest: IPH, {largest} mL."


def test_the_finding_says_what_was_found(a_result):
    assert a_result.ui.findingLabel.text == FOUND.format(total="2.4", largest="2.0")
    slicer.mrmlScene.RemoveNode(a_result.node)
    assert a_result.ui.findingLabel.visible is False


def test_the_finding_follows_edits_also_while_the_lesions_are_folded(a_result, wait_until):
    a_result.ui.lesionsSection.collapsed = True
    erase(a_result.node, "IPH")
    text = FOUND.format(total="1.4", largest="1.0")
    wait_until(lambda: a_result.ui.findingLabel.text == text, what="the new finding")


def no_labels():
    from builders.panel import a_small_ct

    from ICHSegmentationLib.core.label_map import LabelMap

    scan = a_small_ct()
    return LabelMap(np.zeros(scan.hu.shape, dtype=np.uint8), scan.grid)


def test_a_negative_scan_tells_the_miss_rate_and_shows_no_table_of_zeros(an_open_panel, click, slicer_app):
    run_once(an_open_panel, click, labels=no_labels())
    slicer_app.process_events()
    ui = an_open_panel.ui
    assert ui.findingLabel.text == (
        "<b>No hemorrhage found.</b> That does not exclude it: the model can miss hemorrhage, above all where it is "
        "small, thin or dark. Measured on held-out patients with intraparenchymal hemorrhage: missed in 0 %; not "
        "measured on whole scans for the other subtypes (see the model card)."
    )
    assert (ui.findingLabel.visible, ui.resultsTable.visible) == (True, False)
    assert ui.lesionsSection.collapsed is False
    assert an_open_panel.panel.lesions.widgets.table.widget.visible is False


def test_a_scan_that_was_not_assessed_says_so_with_the_reason_and_the_export_too(an_open_panel, click):
    from ICHSegmentationLib.core.messages import message
    from ICHSegmentationLib.export.record import RunRecord

    reason = message("segmentation.head_tilted", tilt_deg=41.0, max_deg=30.0)
    node = run_once(an_open_panel, click, labels=no_labels(), assessed=False, warnings=(reason,))
    assert an_open_panel.ui.findingLabel.text == (f"<b>{reason}</b> Hemorrhage that is not outlined may be there.")
    click(an_open_panel.ui.exportSection)
    from ICHSegmentationLib import mrml

    run = RunRecord.of_attributes(mrml.result_info(node))
    assert (run.assessed, run.warnings) == (False, (reason,))


def test_no_hemorrhage_with_a_warning_is_uncertain(an_open_panel, click):
    warning = "The head is turned by 30 degrees."
    run_once(an_open_panel, click, labels=no_labels(), warnings=(warning,))
    assert an_open_panel.ui.findingLabel.text == (
        f"<b>Uncertain:</b> the model found no hemorrhage, but look at the scan. {warning}"
    )


def test_as_little_as_the_model_labels_without_hemorrhage_is_uncertain(an_open_panel, click):
    labels = no_labels()
    labels.labels[3, 30:32, 10:20] = 2
    run_once(an_open_panel, click, labels=labels)
    assert an_open_panel.ui.findingLabel.text == (
        "<b>Uncertain:</b> no more than the 0.5 mL that this model labelled in a scan without hemorrhage. "
        "1 lesion, 0.4 mL, largest: SDH, 0.4 mL."
    )


def test_today_s_confidence_is_shown_and_labelled_so(an_open_panel, click):
    from builders.panel import a_small_ct, some_labels

    from ICHSegmentationLib.core.lesion_boxes import lesion_boxes

    found = lesion_boxes(some_labels(a_small_ct()), np.full((6, 40, 40), 204, dtype=np.uint8))
    run_once(an_open_panel, click, boxes=found)
    assert an_open_panel.ui.findingLabel.text == (
        FOUND.format(total="2.4", largest="2.0")
        + " Highest confidence 80 % (mean probability of the model in a lesion, not calibrated)."
    )


def test_a_result_emptied_by_hand_is_not_called_negative(a_result, click):
    lesions = a_result.panel.lesions.widgets
    for _ in range(2):
        click(lesions.next_button)
        click(lesions.delete_button)
    assert a_result.ui.findingLabel.text == "<b>No hemorrhage left after corrections by hand.</b>"


def test_an_edit_shows_at_once(a_result):
    erase(a_result.node, "IPH")
    assert column(a_result, 1) == ["0.00", "0.40", "0.00", "1.00", "0.00", "1.40"]
    assert column(a_result, 3) == ["", "", "", "by hand", "", "by hand"]


def test_the_check_box_hides_a_subtype_and_follows_the_views(a_result):
    import qt

    item = a_result.ui.resultsTable.item(IPH_ROW, 0)
    display = a_result.node.GetDisplayNode()
    item.setCheckState(qt.Qt.Unchecked)
    assert display.GetSegmentVisibility("IPH") is False
    display.SetSegmentVisibility("IPH", True)
    assert item.checkState() == qt.Qt.Checked


def test_the_table_is_copied_as_text(a_result, click):
    click(a_result.ui.copyTableButton)
    lines = slicer.app.clipboard().text().splitlines()
    assert lines[0] == "Hemorrhage\tmL\tShare\tChanged"
    assert lines[-1] == "Total\t2.40\t100 %\t"


def test_two_results_are_compared(a_result, click):
    first = a_result.node
    erase(first, "IPH")
    second = run_once(a_result, click)
    a_result.ui.comparedSelector.setCurrentNode(first)
    assert column(a_result, 1)[IPH_ROW] == "2.00"
    assert column(a_result, 2) == ["0.00", "0.40", "0.00", "1.00", "0.00", "1.40"]
    display = first.GetDisplayNode()
    assert (display.GetVisibility(), display.GetVisibility2DFill(), display.GetVisibility3D()) == (1, 0, 0)
    assert second.GetDisplayNode().GetVisibility2DFill() == 1
    a_result.ui.comparedSelector.setCurrentNode(None)
    assert column(a_result, 2)[TOTAL_ROW] == "100 %"
    assert display.GetVisibility() == 0


def test_an_earlier_result_can_be_taken_up_again(a_result, click):
    first = a_result.node
    erase(first, "IPH")
    second = run_once(a_result, click)
    assert column(a_result, 1)[TOTAL_ROW] == "2.40"
    a_result.ui.segmentationSelector.setCurrentNode(first)
    assert column(a_result, 1)[TOTAL_ROW] == "1.40"
    assert (first.GetDisplayNode().GetVisibility(), second.GetDisplayNode().GetVisibility()) == (1, 0)
    erase(second, "SDH")
    assert column(a_result, 1)[TOTAL_ROW] == "1.40"


def test_other_segmentations_are_not_offered(a_result):
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Brain")
    assert a_result.ui.segmentationSelector.nodeCount() == 1
    other.CreateDefaultDisplayNodes()
    assert other.GetDisplayNode().GetVisibility() == 1


def test_removing_the_result_empties_the_table(a_result):
    slicer.mrmlScene.RemoveNode(a_result.node)
    assert a_result.ui.resultsTable.rowCount == 0
    assert a_result.ui.copyTableButton.enabled is False
    assert a_result.ui.show3DButton.enabled is False


def test_overlapping_segments_are_parted_on_request(a_result, click):
    import numpy as np

    assert a_result.ui.overlapButton.visible is False
    volume = slicer.util.getNode("Head")
    both = (slicer.util.arrayFromSegmentBinaryLabelmap(a_result.node, "IPH", volume) > 0).astype(np.uint8)
    a_result.node.GetSegmentation().SeparateSegmentLabelmap("SDH")
    slicer.util.updateSegmentBinaryLabelmapFromArray(both, a_result.node, "SDH", volume)
    assert a_result.ui.overlapButton.visible is True
    assert column(a_result, 1)[TOTAL_ROW] == "2.00"
    click(a_result.ui.overlapButton)
    assert a_result.ui.overlapButton.visible is False
    assert column(a_result, 1)[TOTAL_ROW] == "2.00"


@pytest.mark.parametrize(("button", "level", "width"), [("brain", 40, 80), ("subdural", 75, 215), ("bone", 500, 2500)])
def test_window_buttons_set_the_grays(a_result, click, button, level, width):
    click(getattr(a_result.ui, f"{button}Button"))
    display = a_result.volume.GetDisplayNode()
    assert (display.GetLevel(), display.GetWindow()) == (level, width)


def test_a_new_result_is_shown_in_the_brain_window_at_the_largest_lesion(a_result):
    from ICHSegmentationLib import mrml

    display = a_result.volume.GetDisplayNode()
    assert (display.GetLevel(), display.GetWindow()) == (40, 80)
    lesion = mrml.largest_lesion(a_result.node)
    red = slicer.app.layoutManager().sliceWidget("Red")
    assert red.mrmlSliceCompositeNode().GetBackgroundVolumeID() == a_result.volume.GetID()
    matrix = red.mrmlSliceNode().GetSliceToRAS()
    assert matrix.GetElement(2, 3) == pytest.approx(lesion.ras_mm[2], abs=0.01)


def test_go_to_largest_lesion_comes_back_to_it(a_result, click):
    node = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    before = node.GetSliceToRAS().GetElement(2, 3)
    node.JumpSliceByOffsetting(0, 0, before + 20)
    click(a_result.ui.largestButton)
    assert node.GetSliceToRAS().GetElement(2, 3) == pytest.approx(before)


def test_3d_is_made_when_it_is_asked_for_and_taken_away(a_result, click):
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    segmentation = a_result.node.GetSegmentation()
    assert segmentation.ContainsRepresentation(surface) is False
    click(a_result.ui.show3DButton)
    assert segmentation.GetSegment("IPH").GetRepresentation(surface).GetNumberOfPolys() > 0
    assert a_result.node.GetDisplayNode().GetVisibility3D() == 1
    click(a_result.ui.show3DButton)
    assert a_result.node.GetDisplayNode().GetVisibility3D() == 0


def test_another_result_is_shown_as_the_buttons_say(a_result, click, wait_until):
    click(a_result.ui.show3DButton)
    a_result.ui.opacitySlider.value = 0.4
    display = run_once(a_result, click).GetDisplayNode()
    wait_until(lambda: display.GetVisibility3D() == 1, what="the surfaces")
    assert (display.GetOpacity3D(), display.GetOpacity2DFill()) == (0.4, 0.2)


def test_surfaces_of_a_new_result_are_built_after_it_is_published(a_result, click, wait_until):
    surface = slicer.vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName()
    click(a_result.ui.show3DButton)
    segmentation = run_once(a_result, click).GetSegmentation()
    assert segmentation.ContainsRepresentation(surface) is False
    wait_until(lambda: segmentation.ContainsRepresentation(surface), what="the surfaces")
    assert segmentation.GetSegment("IPH").GetRepresentation(surface).GetNumberOfPolys() > 0


def test_no_surfaces_are_built_in_a_scene_that_was_closed(a_result, click, slicer_app):
    from ICHSegmentationLib import mrml

    click(a_result.ui.show3DButton)
    run_once(a_result, click)
    assert a_result.panel.views._timer.active is True
    a_result.panel.leave_scene()
    assert a_result.panel.views._timer.active is False
    assert mrml.is_result(a_result.node)
    slicer_app.process_events()
    assert a_result.node.GetDisplayNode().GetVisibility3D() == 0


def test_the_skull_comes_and_goes(a_result, click):
    click(a_result.ui.skullButton)
    displays = slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
    assert [display.GetVisibility() for display in displays] == [1]
    click(a_result.ui.skullButton)
    assert slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode") == []
