# SPDX-License-Identifier: Apache-2.0
"""From the panel to the module Segment Editor and back; that module is a stand-in here."""

from __future__ import annotations

from pathlib import Path

import pytest
import slicer
from builders.panel import a_small_ct, answer_to
from builders.panel_fixtures import AGREED
from builders.scene import add_volume
from slicer_harness.editing import paint

EDITOR = Path(__file__).parent / "segment_editor_module" / "SegmentEditor.py"


@pytest.fixture
def a_module(load_module, slicer_app):
    """The module with a result, Correct unfolded, and a module Segment Editor beside it."""
    import qt

    qt.QSettings().setValue(AGREED, True)
    slicer_app.app.moduleManager().load(EDITOR)
    scan = a_small_ct()
    volume = add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Head")
    module = load_module("ICHSegmentation")
    from ICHSegmentationPanel.scripting import publish_result

    module.panel._parameters.segmentation = publish_result(volume, answer_to(scan))
    module.ui.correctSection.collapsed = False
    slicer_app.process_events()
    return module


def test_all_tools_work_on_the_same_result_with_the_same_mask_and_come_back(a_module, click, slicer_app):
    from ICHSegmentationLib import mrml

    ui, node = a_module.ui, a_module.ui.segmentationSelector.currentNode()
    click(ui.maskCheckBox)
    own = a_module.panel.corrections._editor
    own.settings.SetSourceVolumeIntensityMaskRange(20.0, 65.0)
    own.widget.setCurrentSegmentID("SAH")
    click(ui.segmentEditorButton)
    assert slicer.util.selectedModule() == "SegmentEditor"
    editor = slicer.modules.SegmentEditorWidget.editor
    settings = editor.mrmlSegmentEditorNode()
    assert settings is not own.settings
    assert (editor.segmentationNode(), editor.sourceVolumeNode()) == (node, mrml.source_volume(node))
    assert editor.currentSegmentID() == "SAH"
    assert settings.GetOverwriteMode() == settings.OverwriteAllSegments
    assert tuple(settings.GetSourceVolumeIntensityMaskRange()) == (20.0, 65.0)
    assert settings.GetSourceVolumeIntensityMask() is True

    settings.SetSourceVolumeIntensityMaskRange(30.0, 80.0)
    x, y, z = mrml.lesions(node)[0].ras_mm
    settings.SetSourceVolumeIntensityMask(False)
    paint(editor, (x, y - 16.0, z), 3.0)
    painted = mrml.segment_volumes_ml(node)["SAH"]
    assert painted > 0
    back = slicer.util.findChild(slicer.modules.SegmentEditorWidget.parent, "backToICHSegmentationButton")
    click(back)
    slicer_app.process_events()
    assert slicer.util.selectedModule() == "ICHSegmentation"
    assert slicer.util.findChildren(slicer.modules.SegmentEditorWidget.parent, "backToICHSegmentationButton") == []
    assert ui.maskCheckBox.checked is False
    assert ui.maskCheckBox.text == "Edit only where the CT is between 30 and 80 HU"
    assert ui.resultsTable.item(2, 1).text() == f"{painted:.2f}"


def test_the_button_goes_when_the_module_is_unloaded_meanwhile(a_module, click):
    click(a_module.ui.segmentEditorButton)
    a_module.panel.close()
    a_module.panel = None
    assert slicer.util.findChildren(slicer.modules.SegmentEditorWidget.parent, "backToICHSegmentationButton") == []
