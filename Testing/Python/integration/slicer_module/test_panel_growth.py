# SPDX-License-Identifier: Apache-2.0
"""Growth since an earlier scan: compared by the worker, shown with both definitions and pictures."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.growth import add_followup, comparison_of
from builders.panel_fixtures import run_once

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.worker.client.outcome import WorkerComparison


@pytest.fixture
def two_scans(a_result, click, slicer_app):
    """The panel with the results of two scans, the first as the earlier one, and the growth opened."""
    add_followup(a_result, click)
    click(a_result.ui.growthSection)
    a_result.growth = a_result.panel.growth
    a_result.form = a_result.growth.widgets
    slicer_app.process_events()
    return a_result


@pytest.fixture
def a_comparison(two_scans, click, slicer_app):
    """The same, compared."""
    click(two_scans.form.button)
    two_scans.process.request["finished"](comparison_of(two_scans.process.request))
    slicer_app.process_events()
    return two_scans


def turned(found, degrees=30.0, shift_mm=(4.0, -2.0, 7.0)):
    """The comparison with another registration, LPS."""
    matrix = np.eye(4)
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix[:2, :2] = [[cosine, -sine], [sine, cosine]]
    matrix[:3, 3] = shift_mm
    record = found.comparison.registration.model_copy(update={"matrix_lps": tuple(map(tuple, matrix.tolist()))})
    comparison = found.comparison.model_copy(update={"registration": record})
    return WorkerComparison(comparison, found.picture), matrix


def registrations():
    return [
        node
        for node in slicer.util.getNodesByClass("vtkMRMLLinearTransformNode")
        if node.GetAttribute("ICHSegmentation.Registration")
    ]


def test_the_earlier_result_is_chosen_in_the_section(two_scans):
    assert two_scans.form.baseline.currentNode() is two_scans.first
    two_scans.form.baseline.setCurrentNode(None)
    assert two_scans.ui.comparedSelector.currentNode() is None
    assert two_scans.form.button.enabled is False
    assert two_scans.form.intro.text == "Choose the result of an earlier scan of the patient."
    two_scans.form.baseline.setCurrentNode(two_scans.first)
    assert two_scans.form.button.enabled is True


def test_both_outlines_are_in_one_frame_until_the_comparison_goes(two_scans, click, slicer_app):
    from ICHSegmentationLib import mrml

    volumes = mrml.segment_volumes_ml(two_scans.first)
    click(two_scans.form.button)
    found, matrix = turned(comparison_of(two_scans.process.request))
    two_scans.process.request["finished"](found)
    slicer_app.process_events()
    (transform,) = registrations()
    scan = mrml.source_volume(two_scans.first)
    assert scan.GetTransformNodeID() == two_scans.first.GetTransformNodeID() == transform.GetID()
    assert two_scans.node.GetTransformNodeID() is None
    assert "look at the fit" in two_scans.form.message
    # A point of the earlier scan, LPS, lies where the registration has it.
    point_lps = np.array([10.0, -20.0, 30.0, 1.0])
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    placed = slicer.util.arrayFromTransformMatrix(transform) @ flip @ point_lps
    assert placed == pytest.approx(flip @ matrix @ point_lps)
    assert mrml.segment_volumes_ml(two_scans.first) == volumes
    assert two_scans.first.GetDisplayNode().GetVisibility2DFill() == 0

    # Another comparison starts from where the scans really lie.
    click(two_scans.form.button)
    assert registrations() == []
    two_scans.process.request["finished"](found)
    assert len(registrations()) == 1
    two_scans.form.baseline.setCurrentNode(None)
    slicer_app.process_events()
    assert (registrations(), scan.GetTransformNodeID(), two_scans.first.GetTransformNodeID()) == ([], None, None)


def test_side_by_side_shows_the_earlier_scan_linked_and_comes_back(a_comparison, click):
    from ICHSegmentationLib import mrml

    manager = slicer.app.layoutManager()
    shown = [manager.sliceWidget(view).mrmlSliceCompositeNode() for view in ("Red", "Yellow")]
    before = (manager.layout, [each.GetBackgroundVolumeID() for each in shown])
    click(a_comparison.form.side_button)
    assert manager.layout == slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView
    scans = [mrml.source_volume(node).GetID() for node in (a_comparison.node, a_comparison.first)]
    assert [each.GetBackgroundVolumeID() for each in shown] == scans
    assert [each.GetLinkedControl() for each in shown] == [1, 1]
    assert manager.sliceWidget("Yellow").mrmlSliceNode().GetOrientation() == "Axial"
    click(a_comparison.form.side_button)
    assert (manager.layout, [each.GetBackgroundVolumeID() for each in shown]) == before
    assert [each.GetLinkedControl() for each in shown] == [0, 0]
    assert manager.sliceWidget("Yellow").mrmlSliceNode().GetOrientation() == "Sagittal"


def test_a_scan_under_a_transform_of_its_own_is_not_moved(two_scans, click):
    from ICHSegmentationLib import mrml

    own = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    mrml.source_volume(two_scans.node).SetAndObserveTransformNodeID(own.GetID())
    click(two_scans.form.button)
    two_scans.process.request["finished"](comparison_of(two_scans.process.request))
    assert registrations() == []
    assert "under a transform of its own" in two_scans.form.message
    assert two_scans.form.side_button.enabled is False


def row(panel, name) -> list[str]:
    table = panel.form.table
    rows = [[table.item(index, column).text() for column in range(5)] for index in range(table.rowCount)]
    return next(cells for cells in rows if cells[0] == name)


def shows_pictures(panel) -> bool:
    form = panel.form
    return all(widget.visible for widget in (form.table, form.verdicts, form.picture, form.open_button))


def test_the_worker_gets_both_scans_with_their_labels(two_scans, click):
    assert two_scans.form.intro.text == 'From "Head hemorrhage" (baseline) to "Later hemorrhage" (follow-up).'
    assert two_scans.form.table.visible is False
    click(two_scans.form.button)
    request = two_scans.process.request
    (first, before), (second, after) = request["baseline"], request["followup"]
    assert (np.count_nonzero(before.labels == Subtype.IPH), np.count_nonzero(after.labels == Subtype.IPH)) == (100, 150)
    assert first.hu.shape == second.hu.shape == before.labels.shape
    assert two_scans.form.button.text == "Cancel"
    request["progress"]("register", 0.4)
    assert (two_scans.form._bar.value, two_scans.form._bar.format) == (40, "Bringing the scans together (%p %)")


def test_the_change_of_each_subtype_and_both_definitions_are_shown(a_comparison):
    assert row(a_comparison, "IPH") == ["IPH", "2.00", "3.00", "+1.00", "+50 %"]
    assert row(a_comparison, "SDH") == ["SDH", "0.40", "0.40", "+0.00", "+0 %"]
    assert row(a_comparison, "IVH") == ["IVH", "0.00", "0.00", "+0.00", "not defined"]
    assert row(a_comparison, "Total")[1:4] == ["2.40", "3.40", "+1.00"]
    text = a_comparison.form.verdicts.text
    assert "<b>Expansion: yes</b><br>Intraparenchymal volume grew by at least 33 % or at least 6 mL (Dowl" in text
    assert "<b>Expansion, revised: yes</b><br>Intraparenchymal volume grew" in text
    assert "or it grew by at least 1 mL (Yogendrakumar V et al., Stroke 2020" in text
    assert "Registration: good, correlation 0.97 on 95% of the head." in text
    assert a_comparison.form.button.text == "Compare the scans"


def test_from_a_baseline_without_blood_in_the_brain_expansion_is_not_defined(two_scans, click):
    from ICHSegmentationLib import mrml

    lesion = next(each for each in mrml.lesions(two_scans.first) if each.subtype == "IPH")
    mrml.move_lesion(two_scans.first, lesion.ras_mm, "SDH")
    click(two_scans.form.button)
    two_scans.process.request["finished"](comparison_of(two_scans.process.request))
    assert row(two_scans, "IPH") == ["IPH", "0.00", "3.00", "+3.00", "not defined"]
    verdicts = two_scans.form.verdicts.text
    assert verdicts.count("not defined, no intraparenchymal blood on the baseline</b>") == 2


def test_with_a_scan_that_was_not_assessed_there_is_no_verdict(two_scans, click):
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.segmentation.run_outcome import RunOutcome

    outcome = RunOutcome(assessed=False, warnings=("Not assessed: tilted.",)).model_dump_json()
    two_scans.first.SetAttribute("ICHSegmentation.Info.outcome", outcome)
    assert mrml.run_outcome(two_scans.first).assessed is False
    click(two_scans.form.button)
    assert two_scans.process.request["assessed"] == (False, True)
    two_scans.process.request["finished"](comparison_of(two_scans.process.request))
    assert row(two_scans, "IPH") == ["IPH", "2.00", "3.00", "", "not compared"]
    text = two_scans.form.verdicts.text
    assert "<b>The scans could not be compared (not assessed: baseline): blood that is not outlined" in text
    assert "Expansion" not in text


def test_the_picture_is_in_the_panel_and_opens_in_its_own_size(a_comparison, click, slicer_app):
    form = a_comparison.form
    assert shows_pictures(a_comparison)
    assert (form.picture.pixmap.width(), form.picture.pixmap.height()) == (310, 416)
    click(form.open_button)
    window = form.window
    assert window.visible is True
    label = window.findChildren(type(form.picture))[-1]
    assert (label.pixmap.width(), label.pixmap.height()) == (999, 1342)
    a_comparison.ui.comparedSelector.setCurrentNode(None)
    slicer_app.process_events()
    assert form.window is None
    assert form.table.visible is False


def test_doubts_stand_first(two_scans, click):
    click(two_scans.form.button)
    doubt = "The scans are of different patients by PatientID (0010,0020); their change means nothing."
    two_scans.process.request["finished"](comparison_of(two_scans.process.request, warnings=(doubt,)))
    assert two_scans.form.verdicts.text.startswith(f"<p><b>{doubt}</b></p><p><b>Expansion")


def test_an_edit_of_either_takes_the_comparison_away(a_comparison, slicer_app):
    from ICHSegmentationLib import mrml

    assert a_comparison.panel.exports.widgets.with_growth is True
    lesion = next(each for each in mrml.lesions(a_comparison.node) if each.subtype == "IPH")
    mrml.move_lesion(a_comparison.node, lesion.ras_mm, "EDH")
    slicer_app.process_events()
    assert a_comparison.growth.found is None
    assert a_comparison.form.table.visible is False
    assert a_comparison.form.message == "<b>The labels have changed; compare the scans again.</b>"
    assert a_comparison.panel.exports.widgets.with_growth is False


def test_an_edit_during_the_comparison_is_noticed(two_scans, click):
    from ICHSegmentationLib import mrml

    click(two_scans.form.button)
    lesion = next(each for each in mrml.lesions(two_scans.node) if each.subtype == "IPH")
    mrml.move_lesion(two_scans.node, lesion.ras_mm, "EDH")
    two_scans.process.request["finished"](comparison_of(two_scans.process.request))
    assert two_scans.growth.found is None
    assert two_scans.form.message == "<b>The labels have changed; compare the scans again.</b>"


def test_it_can_be_cancelled(two_scans, click):
    from ICHSegmentationPanel.process import make_failure

    click(two_scans.form.button)
    click(two_scans.form.button)
    assert two_scans.process.calls[-1] == "cancel"
    assert two_scans.form.button.enabled is False
    two_scans.process.request["failed"](make_failure("cancelled", "The work was cancelled."))
    assert two_scans.form.message == "<b>The comparison was cancelled.</b>"
    assert (two_scans.form.button.text, two_scans.form.button.enabled) == ("Compare the scans", True)


def test_a_failure_is_one_sentence(two_scans, click):
    from ICHSegmentationPanel.process import make_failure

    click(two_scans.form.button)
    two_scans.process.request["failed"](make_failure("killed"))
    assert two_scans.form.message.startswith("<b>The system ended the segmentation")
    two_scans.process.busy = True
    click(two_scans.form.button)
    assert two_scans.form.message == "<b>Another task is running; compare when it has finished.</b>"


def test_another_choice_or_a_closed_scene_gives_it_up(two_scans, click):
    for leave in (lambda: two_scans.ui.comparedSelector.setCurrentNode(None), two_scans.panel.leave_scene):
        two_scans.ui.comparedSelector.setCurrentNode(two_scans.first)
        click(two_scans.form.button)
        leave()
        assert two_scans.process.calls[-1] == "abandon"
        assert two_scans.form.button.text == "Compare the scans"
        two_scans.process.calls.clear()


def test_two_results_of_one_scan_are_no_growth(a_result, click, slicer_app):
    first = a_result.node
    run_once(a_result, click)
    a_result.ui.comparedSelector.setCurrentNode(first)
    click(a_result.ui.growthSection)
    slicer_app.process_events()
    form = a_result.panel.growth.widgets
    assert form.button.enabled is False
    assert form.intro.text == "Choose the result of an earlier scan of the patient."


@pytest.mark.parametrize("which", ["node", "first"])
def test_a_result_that_is_removed_ends_it(two_scans, click, which):
    click(two_scans.form.button)
    slicer.mrmlScene.RemoveNode(getattr(two_scans, which))
    assert two_scans.process.calls[-1] == "abandon"
    assert (two_scans.growth.found, two_scans.form.button.text) == (None, "Compare the scans")
