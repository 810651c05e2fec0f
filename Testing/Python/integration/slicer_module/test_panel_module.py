# SPDX-License-Identifier: Apache-2.0
"""The module in Slicer's life cycle: opened, left, its scene saved and closed, its packages missing."""

from __future__ import annotations

import sys

import pytest
import slicer
from builders.fake_process import FakeProcess
from builders.panel import MODULE_FOLDER, a_small_ct, answer_to
from builders.panel_fixtures import AGREED
from builders.scene import add_acquisition_transform, add_volume


class SomeRequirements:
    """Packages that are missing until they are installed."""

    notice = None

    def __init__(self):
        self.problem = None
        self.installed_from = []
        self._missing = ("openvino>=2025.0",)

    def missing(self):
        return self._missing

    def install(self):
        self.problem = "pip could not reach the network."

    def install_from_folder(self, folder):
        self.installed_from.append(folder)
        self.problem, self._missing = None, ()


@pytest.fixture
def a_fake_worker(slicer_app, monkeypatch):  # noqa: ARG001 (Slicer has to be there)
    """Let the module talk to a worker that waits for the test."""
    import qt

    sys.path.append(str(MODULE_FOLDER))
    import ICHSegmentationPanel.process

    monkeypatch.setattr(ICHSegmentationPanel.process, "SegmentationProcess", FakeProcess)
    qt.QSettings().setValue(AGREED, True)


@pytest.fixture
def a_ct(slicer_app):  # noqa: ARG001 (Slicer has to be there)
    scan = a_small_ct()
    return add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Head")


@pytest.fixture
def a_widget(a_fake_worker, a_ct, load_module):  # noqa: ARG001 (in this order)
    """The module, opened on a scene with a CT."""
    return load_module("ICHSegmentation")


def segment(widget, click):
    click(widget.ui.segmentButton)
    process = widget.panel._process
    process.request["finished"](answer_to(process.request["volume"]))
    return widget.ui.segmentationSelector.currentNode()


def totals(widget):
    table = widget.ui.resultsTable
    return [table.item(row, 1).text() for row in range(table.rowCount)]


def test_it_says_that_it_is_for_research_only(a_widget):
    assert a_widget.ui.researchLabel.text == "<b>Research use only.</b> Not a medical device."
    assert a_widget.ui.researchLabel.visible is True
    help_text = slicer.modules.ichsegmentation.helpText
    assert "Research use only" in help_text
    assert "docs/slicer.md" in help_text
    assert "Alt+Down" in help_text


def test_opening_it_chooses_the_ct_and_warms_the_worker_up(a_widget, a_ct):
    assert a_widget.ui.inputSelector.currentNode() is a_ct
    assert a_widget.ui.segmentButton.enabled is True
    assert a_widget.panel._process.calls == ["prepare", "list_devices"]


def test_correct_and_the_rest_start_folded_away(a_widget):
    assert a_widget.ui.segmentSection.collapsed is False
    assert a_widget.ui.correctSection.collapsed is True
    assert a_widget.ui.advancedSection.collapsed is True
    assert (a_widget.ui.modelLineLabel.visible, a_widget.ui.modelSelector.visible) == (True, False)
    assert a_widget.ui.messageLabel.visible is False
    assert a_widget.ui.progressBar.visible is False
    assert a_widget.ui.setupFrame.visible is False


def test_a_closed_scene_ends_its_run_and_empties_the_panel(a_widget, click):
    segment(a_widget, click)
    click(a_widget.ui.segmentButton)
    slicer.mrmlScene.Clear(0)
    assert a_widget.panel._process.calls[-1] == "abandon"
    assert totals(a_widget) == []
    assert a_widget.ui.inputSelector.currentNode() is None
    assert a_widget.ui.segmentButton.text == "Segment"
    assert a_widget.ui.segmentButton.enabled is False


def test_a_saved_scene_comes_back_as_it_was(a_widget, click, tmp_path):
    a_widget.ui.opacitySlider.value = 0.6
    node = segment(a_widget, click)
    click(a_widget.ui.show3DButton)
    from ICHSegmentationLib import mrml

    mrml.move_lesion(node, mrml.lesions(node)[1].ras_mm, "EDH")
    before = totals(a_widget)
    assert before == ["0.40", "0.00", "0.00", "2.00", "0.00", "2.40"]
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert totals(a_widget) == []
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert totals(a_widget) == before
    ui = a_widget.ui
    assert [ui.resultsTable.item(row, 3).text() for row in (0, 1)] == ["by hand", "by hand"]
    assert (ui.inputSelector.currentNode().GetName(), ui.segmentationSelector.currentNode().GetName()) == (
        "Head",
        "Head hemorrhage",
    )
    assert ui.opacitySlider.value == pytest.approx(0.6)
    assert ui.show3DButton.checked is True
    assert ui.segmentationSelector.currentNode().GetDisplayNode().GetVisibility3D() == 1


def test_a_skull_that_is_rendered_from_a_copy_comes_back_too(a_widget, a_ct, click, tmp_path):
    from ICHSegmentationLib import mrml

    add_acquisition_transform(a_ct, a_small_ct().grid)
    segment(a_widget, click)
    click(a_widget.ui.skullButton)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    assert a_widget.ui.skullButton.checked is True
    assert mrml.skull_is_shown(a_widget.ui.inputSelector.currentNode())


def test_a_run_goes_on_while_another_module_is_shown(a_widget, click):
    click(a_widget.ui.segmentButton)
    a_widget.parent.exit()
    process = a_widget.panel._process
    process.request["finished"](answer_to(process.request["volume"]))
    a_widget.parent.enter()
    assert totals(a_widget)[-1] == "2.40"


def test_unloading_it_ends_the_worker(a_widget):
    process = a_widget.panel._process
    a_widget.cleanup()
    assert process.calls[-1] == "close"
    assert a_widget.panel is None


def test_reloading_reads_the_panel_and_the_library_anew(a_widget, monkeypatch):
    from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget

    reloaded = []
    monkeypatch.setattr(ScriptedLoadableModuleWidget, "onReload", lambda _self: reloaded.append(1), raising=False)
    kept = {name: module for name, module in sys.modules.items() if name.startswith("ICHSegmentation")}
    try:
        a_widget.onReload()
        left = [name for name in sys.modules if name.startswith(("ICHSegmentationPanel", "ICHSegmentationLib"))]
    finally:
        sys.modules.update(kept)
    assert left == []
    assert reloaded == [1]


@pytest.mark.usefixtures("a_fake_worker")
def test_missing_packages_are_installed_when_the_user_asks(a_ct, load_module, click, dialogs, monkeypatch, tmp_path):
    import ICHSegmentationPanel.install

    requirements = SomeRequirements()
    monkeypatch.setattr(ICHSegmentationPanel.install, "Requirements", lambda: requirements)
    widget = load_module("ICHSegmentation")
    ui = widget.ui
    assert "openvino>=2025.0" in ui.setupLabel.text
    assert (ui.setupFrame.visible, ui.segmentSection.enabled, widget.panel) == (True, False, None)
    click(ui.installButton)
    assert "pip could not reach the network." in ui.setupLabel.text
    assert widget.panel is None
    dialogs.answer(tmp_path)
    click(ui.installFolderButton)
    assert requirements.installed_from == [str(tmp_path)]
    assert (ui.setupFrame.visible, ui.segmentSection.enabled) == (False, True)
    assert ui.inputSelector.currentNode() is a_ct


@pytest.mark.usefixtures("a_fake_worker", "a_ct")
def test_opening_it_chooses_the_volume_in_sight(load_module):
    scan = a_small_ct()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    second = add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Second")
    slicer.app.applicationLogic().GetSelectionNode().SetActiveVolumeID(second.GetID())
    assert load_module("ICHSegmentation").ui.inputSelector.currentNode() is second


@pytest.mark.usefixtures("a_fake_worker", "a_ct")
def test_a_slicer_newer_than_tested_is_said_and_does_not_block(load_module, monkeypatch):
    import ICHSegmentationPanel.install

    requirements = SomeRequirements()
    requirements.install_from_folder("wheels")
    requirements.notice = "Nobody has tried this version of Slicer yet."
    monkeypatch.setattr(ICHSegmentationPanel.install, "Requirements", lambda: requirements)
    ui = load_module("ICHSegmentation").ui
    assert ui.setupLabel.text == "Nobody has tried this version of Slicer yet."
    assert (ui.setupFrame.visible, ui.installButton.visible, ui.segmentButton.enabled) == (True, False, True)
