# SPDX-License-Identifier: Apache-2.0
"""Correcting a result in the panel."""

from __future__ import annotations

import pytest
import slicer
from builders.panel_fixtures import run_once
from builders.scene import add_acquisition_transform


@pytest.fixture
def a_correction(a_result):
    """The panel with Correct unfolded."""
    a_result.ui.correctSection.collapsed = False
    a_result.editor = a_result.panel.corrections._editor
    return a_result


def volumes(panel):
    from ICHSegmentationLib import mrml

    found = mrml.segment_volumes_ml(panel.node)
    return {key: round(ml, 3) for key, ml in found.items() if ml}


def test_there_is_nothing_to_correct_without_a_result(an_open_panel):
    assert an_open_panel.ui.correctSection.enabled is False
    assert an_open_panel.panel.corrections._editor is None


def test_the_editor_works_on_the_result_with_the_tools_that_bleeds_need(a_correction):
    editor = a_correction.editor.widget
    assert editor.segmentationNode() is a_correction.node
    assert editor.sourceVolumeNode() is a_correction.volume
    assert list(editor.effectNameOrder()) == ["Paint", "Erase", "Scissors", "Threshold", "Islands"]
    assert editor.unorderedEffectsVisible is False
    assert editor.maximumNumberOfUndoStates >= 10
    assert editor.maskingSectionVisible is False
    node = editor.mrmlSegmentEditorNode()
    assert node.GetOverwriteMode() == node.OverwriteAllSegments
    assert node.GetSingletonTag() == "ICHSegmentation"
    assert (node.GetAttribute("Threshold.MinimumThreshold"), node.GetAttribute("Threshold.MaximumThreshold")) == (
        "40.0",
        "90.0",
    )


def test_tools_change_only_the_density_of_blood_when_the_user_wants_it(a_correction, click):
    node = a_correction.editor.widget.mrmlSegmentEditorNode()
    box = a_correction.ui.maskCheckBox
    # Chronic and isodense blood is darker: nothing is masked unless the user asks for it.
    assert (node.GetSourceVolumeIntensityMask(), box.checked) == (False, False)
    click(box)
    assert node.GetSourceVolumeIntensityMask() is True
    assert tuple(node.GetSourceVolumeIntensityMaskRange()) == (40.0, 90.0)
    click(box)
    assert node.GetSourceVolumeIntensityMask() is False


def test_the_mask_that_slicer_s_own_controls_change_is_shown(a_correction):
    node = a_correction.editor.widget.mrmlSegmentEditorNode()
    box = a_correction.ui.maskCheckBox
    # The editor's key I.
    a_correction.editor.widget.toggleSourceVolumeIntensityMaskEnabled()
    assert (box.checked, box.text) == (True, "Edit only where the CT is between 40 and 90 HU")
    # "Use for masking" of the Threshold tool.
    node.SourceVolumeIntensityMaskOn()
    node.SetSourceVolumeIntensityMaskRange(20.0, 65.0)
    assert (box.checked, box.text) == (True, "Edit only where the CT is between 20 and 65 HU")
    a_correction.editor.widget.toggleSourceVolumeIntensityMaskEnabled()
    assert box.checked is False


def test_a_range_that_the_user_set_stays(a_correction, click):
    node = a_correction.editor.widget.mrmlSegmentEditorNode()
    node.SetSourceVolumeIntensityMaskRange(20.0, 65.0)
    click(a_correction.ui.maskCheckBox)
    a_correction.ui.opacitySlider.value = 0.5
    a_correction.panel.exit()
    a_correction.panel.enter(a_correction.logic.getParameterNode())
    run_once(a_correction, click)
    assert (tuple(node.GetSourceVolumeIntensityMaskRange()), node.GetSourceVolumeIntensityMask()) == (
        (20.0, 65.0),
        True,
    )


def test_leaving_the_panel_puts_the_tools_away(a_correction):
    editor = a_correction.editor.widget
    editor.setActiveEffectByName("Paint")
    a_correction.panel.exit()
    assert editor.activeEffect() is None
    a_correction.panel.enter(a_correction.logic.getParameterNode())
    assert editor.segmentationNode() is a_correction.node


@pytest.fixture
def a_bent_correction(an_open_panel, click, slicer_app):
    """The panel on a result under an acquisition transform, with Correct unfolded."""
    from builders.panel import a_small_ct

    transform = add_acquisition_transform(an_open_panel.volume, a_small_ct().grid)
    an_open_panel.transform_id = transform.GetID()
    run_once(an_open_panel, click)
    an_open_panel.ui.correctSection.collapsed = False
    slicer_app.process_events()
    return an_open_panel


def test_without_a_bending_transform_nothing_is_said_of_one(a_correction):
    assert a_correction.ui.detachFrame.visible is False
    assert a_correction.ui.editorFrame.enabled is True


def test_where_tools_would_miss_their_place_the_transform_is_set_aside_first(a_bent_correction, click):
    panel = a_bent_correction
    assert panel.node.GetTransformNodeID() == panel.transform_id
    assert panel.ui.detachFrame.visible is True
    assert panel.ui.editorFrame.enabled is False
    click(panel.ui.detachButton)
    assert panel.volume.GetTransformNodeID() is None
    assert panel.node.GetTransformNodeID() is None
    assert panel.ui.editorFrame.enabled is True
    assert volumes(panel) == {"SDH": 0.4, "IPH": 2.0, "total": 2.4}
    click(panel.ui.detachButton)
    assert panel.node.GetTransformNodeID() == panel.transform_id


def test_the_skull_follows_when_the_transform_is_set_aside(a_bent_correction, click):
    from ICHSegmentationLib import mrml

    panel = a_bent_correction
    click(panel.ui.skullButton)
    for _ in range(2):
        click(panel.ui.detachButton)
        assert mrml.skull_is_shown(panel.volume)


def test_the_threshold_tool_starts_at_blood_in_each_scene(a_correction):
    slicer.mrmlScene.Clear(0)
    a_correction.panel.corrections.set_parameters(None)
    node = a_correction.editor._find_node()
    assert (node.GetAttribute("Threshold.MinimumThreshold"), node.GetAttribute("Threshold.MaximumThreshold")) == (
        "40.0",
        "90.0",
    )


def test_folding_correct_puts_the_transform_back(a_bent_correction, click):
    panel = a_bent_correction
    click(panel.ui.detachButton)
    panel.ui.correctSection.collapsed = True
    assert panel.node.GetTransformNodeID() == panel.transform_id


def test_a_new_run_puts_the_transform_back_first(a_bent_correction, click):
    panel = a_bent_correction
    first = panel.node
    click(panel.ui.detachButton)
    second = run_once(panel, click)
    assert first.GetTransformNodeID() == panel.transform_id
    assert second.GetTransformNodeID() == panel.transform_id


def test_folding_correct_puts_the_tools_away(a_correction):
    a_correction.editor.widget.setActiveEffectByName("Paint")
    a_correction.ui.correctSection.collapsed = True
    assert a_correction.editor.widget.activeEffect() is None
    a_correction.ui.correctSection.collapsed = False
    assert a_correction.editor.widget.segmentationNode() is a_correction.node
