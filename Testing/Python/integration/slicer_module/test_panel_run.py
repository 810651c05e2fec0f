# SPDX-License-Identifier: Apache-2.0
"""The Segment button, from the click to the result or the reason why there is none."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.panel import a_small_ct
from builders.panel_fixtures import AGREED, run_once
from builders.scene import add_acquisition_transform, add_transform


def results():
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def fail(panel, kind, detail=""):
    from ICHSegmentationPanel.process import make_failure

    panel.process.request["failed"](make_failure(kind, detail))


def test_segmenting_shows_progress_and_publishes_a_result(an_open_panel, click):
    ui, process = an_open_panel.ui, an_open_panel.process
    click(ui.segmentButton)
    assert ui.segmentButton.text == "Cancel"
    request = process.request
    assert (request["model"], request["device"], request["force"]) == ("hardnet-compact", "auto", False)
    assert request["volume"].hu.shape == (6, 40, 40)
    request["progress"]("infer", 0.4)
    assert (ui.progressBar.visible, ui.progressBar.value, ui.progressBar.format) == (True, 40, "Finding blood (%p %)")
    node = finish(an_open_panel, request)
    assert node.GetName() == "Head hemorrhage"
    assert (ui.segmentButton.text, ui.segmentButton.enabled, ui.progressBar.visible) == ("Segment", True, False)
    assert ui.messageLabel.text.startswith("Segmented in ")
    assert ui.segmentationSelector.currentNode() is node


def finish(panel, request, **changes):
    from builders.panel import answer_to

    request["finished"](answer_to(request["volume"], **changes))
    return panel.logic.getParameterNode().GetNodeReference("Segmentation")


def test_the_segments_are_what_the_worker_says_that_the_model_tells(an_open_panel, click):
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.export.record import RunRecord
    from ICHSegmentationLib.models import get_model

    stages, finder = get_model("two_stage-compact"), get_model("detector-compact")
    # As two stages of one's own, whose detector is not in the package's folder.
    node = run_once(
        an_open_panel,
        click,
        model=stages.model_copy(update={"detector": "of-one-s-own"}),
        further_models=(finder,),
        subtypes=("EDH", "SDH", "IPH"),
    )
    assert list(mrml.segment_volumes_ml(node)) == ["EDH", "SDH", "IPH", "total"]
    (further,) = RunRecord.of_attributes(mrml.result_info(node)).further_models
    assert (further.name, further.sha256) == (finder.name, finder.sha256)


def test_what_the_user_must_know_of_a_result_is_said(an_open_panel, click):
    run_once(an_open_panel, click, warnings=("The graphics card's memory ran out; the processor was used.",))
    assert an_open_panel.ui.messageLabel.text.endswith("The graphics card's memory ran out; the processor was used.")


def test_a_new_run_never_replaces_a_result(an_open_panel, click):
    first = run_once(an_open_panel, click)
    second = run_once(an_open_panel, click)
    assert [node.GetName() for node in results()] == ["Head hemorrhage", "Head hemorrhage_1"]
    assert second is not first
    assert (first.GetDisplayNode().GetVisibility(), second.GetDisplayNode().GetVisibility()) == (0, 1)


def test_cancel_stops_the_worker_and_changes_nothing(an_open_panel, click):
    ui = an_open_panel.ui
    click(ui.segmentButton)
    click(ui.segmentButton)
    assert an_open_panel.process.calls == ["cancel"]
    assert (ui.segmentButton.enabled, ui.progressBar.format) == (False, "Cancelling...")
    an_open_panel.process.request["progress"]("infer", 0.9)
    assert ui.progressBar.format == "Cancelling..."
    fail(an_open_panel, "cancelled")
    assert (ui.segmentButton.text, ui.segmentButton.enabled) == ("Segment", True)
    assert ui.messageLabel.text.startswith("<b>The segmentation was cancelled.</b>")
    assert results() == []


@pytest.mark.parametrize(
    ("kind", "sentence", "next_step"),
    [
        ("no_weights", "The model is not installed.", "Install the extension again"),
        ("checksum", "The model's file is damaged", "Install the extension again"),
        ("out_of_memory", "The computer's memory does not suffice.", "Close other programs"),
        ("out_of_gpu_memory", "The graphics card's memory does not suffice.", "choose the processor"),
        ("no_gpu", "The graphics card cannot be used.", "Choose the processor"),
        ("killed", "The system ended the segmentation", "Close other programs"),
        ("crashed", "The segmentation stopped unexpectedly.", "Copy diagnostics"),
        ("disk_full", "The disk is full", "Free some space"),
        ("bad_input", "This volume cannot be segmented.", "Choose another volume"),
    ],
)
def test_each_failure_has_a_sentence_and_a_next_step(an_open_panel, click, kind, sentence, next_step):
    ui = an_open_panel.ui
    click(ui.segmentButton)
    fail(an_open_panel, kind)
    said, done = ui.messageLabel.text.split("</b> ")
    assert said.startswith(f"<b>{sentence}")
    assert next_step in done
    assert (ui.segmentButton.text, ui.progressBar.visible) == ("Segment", False)
    assert results() == []


def test_what_is_no_head_can_be_segmented_all_the_same(an_open_panel, click):
    ui = an_open_panel.ui
    click(ui.segmentButton)
    fail(an_open_panel, "not_a_head", "Nothing in this volume looks like a head.")
    assert ui.messageLabel.text.startswith("<b>Nothing in this volume looks like a head.</b>")
    assert ui.nextStepButton.text == "Segment anyway"
    click(ui.nextStepButton)
    assert an_open_panel.process.request["force"] is True
    assert ui.nextStepButton.visible is False


def test_after_a_failure_of_the_card_the_processor_is_offered(an_open_panel, click):
    ui = an_open_panel.ui
    click(ui.segmentButton)
    fail(an_open_panel, "out_of_gpu_memory")
    assert ui.nextStepButton.text == "Use the processor"
    click(ui.nextStepButton)
    assert an_open_panel.process.request["device"] == "cpu"
    assert ui.deviceSelector.currentText == "Processor"
    fail(an_open_panel, "no_gpu")
    assert ui.nextStepButton.visible is False


def test_removing_the_volume_stops_its_run(an_open_panel, click):
    click(an_open_panel.ui.segmentButton)
    slicer.mrmlScene.RemoveNode(an_open_panel.volume)
    assert an_open_panel.process.calls == ["abandon"]
    assert "The volume was removed" in an_open_panel.ui.messageLabel.text
    assert an_open_panel.ui.segmentButton.enabled is False


def crop(volume):
    import vtk

    image = vtk.vtkImageData()
    image.DeepCopy(volume.GetImageData())
    image.Crop((0, 39, 0, 39, 1, 5))
    volume.SetAndObserveImageData(image)


def shift(volume):
    volume.SetOrigin(1.0, 2.0, 3.0)


def tilt(volume):
    volume.SetAndObserveTransformNodeID(add_transform(slicer.mrmlScene, np.diag([1.0, 1.0, 1.1, 1.0])).GetID())


def empty(volume):
    volume.SetAndObserveImageData(None)


@pytest.mark.parametrize("change", [crop, shift, tilt, empty])
def test_labels_are_not_put_on_a_volume_that_was_changed_during_its_run(an_open_panel, click, change):
    ui = an_open_panel.ui
    click(ui.segmentButton)
    change(an_open_panel.volume)
    assert finish(an_open_panel, an_open_panel.process.request) is None
    assert ui.messageLabel.text == (
        "<b>The volume, or its transform, was changed while it was being segmented.</b> "
        "Segment it again; nothing was put into the scene."
    )
    assert results() == []
    assert ui.segmentButton.text == "Segment"


def test_a_transform_set_aside_during_a_run_does_not_matter(an_open_panel, click):
    from ICHSegmentationLib import mrml

    add_acquisition_transform(an_open_panel.volume, a_small_ct().grid)
    first = run_once(an_open_panel, click)
    click(an_open_panel.ui.segmentButton)
    mrml.detach_acquisition_transform(first)
    second = finish(an_open_panel, an_open_panel.process.request)
    assert second is not first
    assert mrml.segment_volumes_ml(second)["total"] == pytest.approx(2.4)


def test_removing_another_node_does_not(an_open_panel, click):
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    click(an_open_panel.ui.segmentButton)
    slicer.mrmlScene.RemoveNode(other)
    assert an_open_panel.process.calls == []
    assert an_open_panel.ui.segmentButton.text == "Cancel"


def test_a_result_that_cannot_be_published_leaves_nothing_behind(an_open_panel, click, monkeypatch):
    from ICHSegmentationLib import mrml

    def full(*_arguments, **_options):
        raise MemoryError

    click(an_open_panel.ui.segmentButton)
    monkeypatch.setattr(mrml, "publish", full)
    request = an_open_panel.process.request
    assert finish(an_open_panel, request) is None
    assert "The computer's memory does not suffice." in an_open_panel.ui.messageLabel.text
    assert results() == []


def test_a_non_commercial_licence_is_asked_for_once(an_open_panel, click, dialogs):
    import qt

    qt.QSettings().remove(AGREED)
    dialogs.answer("Cancel")
    click(an_open_panel.ui.segmentButton)
    assert an_open_panel.process.requests == []
    assert "CC-BY-NC-4.0" in dialogs.shown[0]
    assert an_open_panel.ui.segmentButton.text == "Segment"
    dialogs.answer("OK")
    run_once(an_open_panel, click)
    run_once(an_open_panel, click)
    assert len(an_open_panel.process.requests) == 2
    assert len(dialogs.shown) == 2


def test_a_refused_volume_cannot_be_segmented_and_the_reason_is_shown(an_open_panel, wait_until):
    import vtk

    grid = vtk.vtkGridTransform()
    field = vtk.vtkImageData()
    field.SetDimensions(3, 3, 3)
    field.SetOrigin(-100, -100, -100)
    field.SetSpacing(100, 100, 100)
    field.AllocateScalars(vtk.VTK_DOUBLE, 3)
    field.GetPointData().GetScalars().Fill(0)
    field.SetScalarComponentFromDouble(1, 1, 1, 0, 7.0)
    grid.SetDisplacementGridData(field)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLGridTransformNode", "Warp")
    transform.SetAndObserveTransformFromParent(grid)
    an_open_panel.volume.SetAndObserveTransformNodeID(transform.GetID())
    ui = an_open_panel.ui
    wait_until(lambda: not ui.segmentButton.enabled, what="the look at the volume")
    assert "non-linear transform that is not Slicer's acquisition transform" in ui.geometryLabel.text
    assert ui.segmentButton.toolTip in ui.geometryLabel.text
    an_open_panel.volume.SetAndObserveTransformNodeID(add_transform(slicer.mrmlScene, np.eye(4)).GetID())
    wait_until(lambda: ui.segmentButton.enabled, what="the look at the volume")
    assert ui.geometryLabel.text.startswith("6 slices, no tilt, step 5.00 mm, no gaps")


def test_a_volume_that_is_being_moved_is_looked_at_once(an_open_panel, click, wait_until, monkeypatch):
    import vtk

    from ICHSegmentationLib import mrml

    looks, check_volume = [], mrml.check_volume
    monkeypatch.setattr(mrml, "check_volume", lambda volume: looks.append(volume) or check_volume(volume))
    transform = add_transform(slicer.mrmlScene, np.eye(4))
    an_open_panel.volume.SetAndObserveTransformNodeID(transform.GetID())

    def drag():
        for step in range(5):
            matrix = vtk.vtkMatrix4x4()
            matrix.SetElement(0, 3, step + 1.0)
            transform.SetMatrixTransformToParent(matrix)

    drag()
    assert looks == []
    wait_until(lambda: looks, what="the look at the volume")
    assert looks == [an_open_panel.volume]
    drag()
    click(an_open_panel.ui.segmentButton)
    assert looks == [an_open_panel.volume] * 2
    assert an_open_panel.process.request["volume"].hu.shape == (6, 40, 40)


def test_a_name_that_looks_like_a_tag_is_shown_as_it_is(an_open_panel):
    image = slicer.vtkMRMLScalarVolumeNode()
    image.SetName("CT <5 mm>")
    an_open_panel.ui.inputSelector.setCurrentNode(slicer.mrmlScene.AddNode(image))
    assert "CT &lt;5 mm&gt; is empty." in an_open_panel.ui.geometryLabel.text


def test_without_a_volume_the_button_says_what_to_do(an_open_panel):
    an_open_panel.ui.inputSelector.setCurrentNode(None)
    assert an_open_panel.ui.segmentButton.enabled is False
    assert an_open_panel.ui.segmentButton.toolTip == "Choose a head CT first."


def test_the_model_list_tells_licence_time_and_quality(an_open_panel):
    ui = an_open_panel.ui
    assert ui.modelSelector.currentText == "hardnet-compact"
    assert ui.licenseLabel.text.startswith("License: CC-BY-NC-4.0")
    assert ui.modelLineLabel.text == "Default: 5 subtypes, about a second. Weights for non-commercial use only."
    for part in ("s for 40 slices", "IPH dice median", "Trained on"):
        assert part in ui.modelSelector.toolTip


def models_of(ui):
    return [ui.modelSelector.itemText(index) for index in range(ui.modelSelector.count)]


@pytest.fixture
def a_model_list(slicer_app, monkeypatch):
    """Return the list of models of a manifest, or of an installation that lost it."""
    from builders.panel import load_widgets

    from ICHSegmentationLib.core.errors import NoManifestError

    def of(manifest):
        def load(*_folder):
            if manifest is None:
                message = "The list of models cannot be read."
                raise NoManifestError(message)
            return manifest

        _widget, ui = load_widgets()
        slicer_app.process_events()
        from ICHSegmentationPanel.sections import model

        monkeypatch.setattr(model, "load_manifest", load)
        return model.ModelSection(ui), ui

    return of


def test_what_needs_no_weights_is_listed_even_where_no_model_is_installed(a_model_list):
    part, ui = a_model_list(None)
    assert (models_of(ui), part.entry.name, part.problem) == (["em"], "em", "")
    assert part.box_entry.name == "em"


def test_a_detector_is_no_model_to_segment_with(a_model_list):
    from ICHSegmentationLib.models import Manifest, load_manifest

    entry = load_manifest().models[0]
    finder = entry.model_copy(update={"name": "finder", "system": "detector"})
    stages = entry.model_copy(update={"name": "stages", "system": "two_stage", "detector": "finder"})
    part, ui = a_model_list(Manifest(default=entry.name, models=(entry, finder, stages)))
    assert models_of(ui) == [entry.name, "stages", "em"]
    assert (part.entry.name, part.box_entry.name) == (entry.name, "stages")


def test_devices_that_cannot_be_used_are_not_offered_and_the_reason_is_told(an_open_panel):
    from ICHSegmentationLib.models import Device

    ui = an_open_panel.ui
    card = Device("cuda:0", "NVIDIA A")
    broken = Device("cuda:1", "NVIDIA B", "Too old for this torch.")
    an_open_panel.panel.models.set_devices((Device("cpu"), card, broken))
    names = [ui.deviceSelector.itemText(index) for index in range(ui.deviceSelector.count)]
    assert names == ["Automatic", "Processor", "NVIDIA A"]
    assert "Too old for this torch." in ui.deviceSelector.toolTip


def test_diagnostics_are_copied_without_patient_data(an_open_panel, click):
    an_open_panel.volume.SetName("DOE JOHN 1950-01-01")
    click(an_open_panel.ui.segmentButton)
    click(an_open_panel.ui.advancedSection)
    click(an_open_panel.ui.diagnosticsButton)
    text = slicer.app.clipboard().text()
    assert "Model: hardnet-compact" in text
    assert "Scan: 6 slices, no tilt" in text
    assert "worker's log" in text
    assert "DOE" not in text


def test_neither_the_log_nor_diagnostics_name_a_volume_that_cannot_be_read(an_open_panel, click, monkeypatch, caplog):
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.core.errors import InputError

    def fail(volume, **_options):
        message = f"{volume.GetName()} is empty."
        raise InputError(message)

    an_open_panel.volume.SetName("DOE JOHN")
    monkeypatch.setattr(mrml, "volume_input", fail)
    click(an_open_panel.ui.segmentButton)
    assert an_open_panel.ui.messageLabel.text.startswith("<b>DOE JOHN is empty.</b>")
    assert "The run failed." in caplog.text
    assert "InputError" in caplog.text
    assert "DOE" not in caplog.text
    click(an_open_panel.ui.advancedSection)
    click(an_open_panel.ui.diagnosticsButton)
    assert "DOE" not in slicer.app.clipboard().text()


def test_no_run_is_started_during_an_export(an_open_panel, click):
    an_open_panel.process.busy = True
    click(an_open_panel.ui.segmentButton)
    assert an_open_panel.process.requests == []
    assert an_open_panel.ui.messageLabel.text == "<b>Another task is running; segment when it has finished.</b>"


def test_a_result_that_was_not_edited_is_replaced_when_wanted(a_result, click, choose):
    from ICHSegmentationLib import mrml

    ui, first = a_result.ui, a_result.node
    assert [ui.outputSelector.itemText(index) for index in range(2)] == ["New segmentation", "Replace Head hemorrhage"]
    ui.advancedSection.collapsed = False
    choose(ui.outputSelector, "Replace Head hemorrhage")
    second = run_once(a_result, click)
    assert (first.GetScene(), second.GetName()) == (None, "Head hemorrhage")
    assert [node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if mrml.is_result(node)] == [second]

    # What was changed by hand is never replaced.
    mrml.move_lesion(second, mrml.lesions(second)[0].ras_mm, "EDH")
    assert ui.outputSelector.count == 1
    third = run_once(a_result, click)
    assert second.GetScene() is slicer.mrmlScene
    assert third.GetName().startswith("Head hemorrhage_")


def test_a_result_that_is_edited_during_the_run_is_kept(a_result, click, choose):
    from builders.panel import answer_to

    from ICHSegmentationLib import mrml

    a_result.ui.advancedSection.collapsed = False
    choose(a_result.ui.outputSelector, "Replace Head hemorrhage")
    click(a_result.ui.segmentButton)
    mrml.move_lesion(a_result.node, mrml.lesions(a_result.node)[0].ras_mm, "EDH")
    a_result.process.request["finished"](answer_to(a_result.process.request["volume"]))
    assert a_result.node.GetScene() is slicer.mrmlScene


def test_a_ct_that_is_loaded_while_the_panel_is_shown_is_chosen(an_open_panel, wait_until):
    from builders.scene import add_volume

    scan, selector = a_small_ct(), an_open_panel.ui.inputSelector
    later = add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Later")
    wait_until(lambda: selector.currentNode() is later, what="the loaded scan")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
    an_open_panel.panel.exit()
    add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Unseen")
    an_open_panel.panel.enter(an_open_panel.logic.getParameterNode())
    slicer.app.processEvents()
    assert selector.currentNode() is later


def test_slice_views_are_turned_to_the_scan_and_back_when_the_user_leaves(an_open_panel, click):
    from builders.scene import add_volume

    scan = a_small_ct()
    turn = np.eye(4)
    cosine, sine = np.cos(np.radians(20.0)), np.sin(np.radians(20.0))
    turn[:3, :3] = [[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]]
    volume = add_volume(slicer.mrmlScene, scan.hu, turn @ scan.grid.affine_ras, "Turned")
    an_open_panel.ui.inputSelector.setCurrentNode(volume)

    def normal():
        matrix = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode().GetSliceToRAS()
        return np.abs([matrix.GetElement(row, 2) for row in range(3)])

    run_once(an_open_panel, click)
    turned = normal()
    assert turned == pytest.approx([0, sine, cosine], abs=1e-3)
    an_open_panel.panel.exit()
    assert normal() == pytest.approx([0, 0, 1], abs=1e-3)
    an_open_panel.panel.enter(an_open_panel.logic.getParameterNode())
    assert normal() == pytest.approx(turned, abs=1e-3)
