# SPDX-License-Identifier: Apache-2.0
"""Two scans of one patient compared, scored and exported, with real clicks, the real scene and the real worker."""

from __future__ import annotations

import sys

import pytest
import slicer
from builders.moved_head import moved_scan
from builders.python_slicer import put_on_path
from builders.scene import add_volume

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")]

WORK_S = 120.0
"""Far more than it takes: a limit for a broken program only."""


@pytest.fixture
def a_module(load_module, monkeypatch, tmp_path):
    """The module on two scans of one head with their results; the head is turned and shifted on the second."""
    from ICHSegmentationLib import mrml

    put_on_path(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    module = load_module("ICHSegmentation")
    poses = {"First scan": (None, 0.0), "Second scan": (((4.0, -3.0, 8.0), (6.0, -9.0, 4.0)), 4.0)}
    for name, (pose, growth_mm) in poses.items():
        scan, labels = moved_scan(pose, growth_mm)
        volume_node = add_volume(slicer.mrmlScene, scan.hu, scan.grid.nearest_affine_ras, name)
        volume = mrml.volume_input(volume_node)
        labels = type(labels)(labels.labels, volume.grid)
        node = mrml.publish(volume_node, volume, labels, name=f"{name} bleeds", info={"model": "a-model"})
    slicer.util.setSliceViewerLayers(background=volume_node, fit=True)
    mrml.set_window(volume_node, "brain")
    parameters = module.logic.getParameterNode()
    parameters.SetNodeReferenceID("InputVolume", volume_node.GetID())
    parameters.SetNodeReferenceID("Segmentation", node.GetID())
    return module


def test_two_scans_are_compared_scored_and_exported(a_module, click, choose, wait_until, screenshot, tmp_path):
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.export.record import read_record

    ui, panel = a_module.ui, a_module.panel
    choose(ui.comparedSelector, "First scan bleeds")
    click(ui.segmentSection)

    click(ui.scoresSection)
    scores = panel.scores
    click(scores.propose_button)
    wait_until(lambda: not scores.propose_button.visible, timeout_s=WORK_S, what="the proposals")
    assert scores.graeb.points["third"].widget.currentText == "proposed: 0"
    choose(scores.ich.infratentorial.widget, "no")
    choose(scores.ich.ivh.widget, "yes")
    choose(scores.graeb.points["left_lateral"].widget, "2")
    scores.ich.gcs.value, scores.ich.age.value = 10, 84
    assert "<b>ICH score 3</b>, published 30-day mortality 72 %" in scores.ich.summary.text
    assert scores.graeb.summary.text.startswith("<b>Modified Graeb score 2 of 32 (a proposal, edited)")
    click(ui.resultsSection)
    mrml.jump_to(
        ui.segmentationSelector.currentNode(), mrml.largest_lesion(ui.segmentationSelector.currentNode()).ras_mm
    )
    screenshot("1-scores")

    click(ui.scoresSection)
    click(ui.growthSection)
    growth = panel.growth
    click(growth.widgets.button)
    assert growth.widgets.button.text == "Cancel"
    wait_until(lambda: growth.found is not None, timeout_s=WORK_S, what="the comparison")
    assert growth.found.comparison.registration.is_good
    assert growth.found.comparison.registration.rotation_deg == pytest.approx(9.5, abs=1)
    assert growth.found.comparison.changes["IPH"].change_percent == pytest.approx(113, abs=10)
    assert "<b>Expansion: yes</b>" in growth.widgets.verdicts.text
    picture = growth.widgets.picture
    wait_until(lambda: picture.height >= picture.pixmap.height() and ui.growthPlace.width < 340, what="the layout")
    screenshot("2-growth")

    click(growth.widgets.button)
    wait_until(lambda: growth.widgets._bar.value > 0, timeout_s=WORK_S, what="the registration")
    click(growth.widgets.button)
    wait_until(lambda: growth._running is None, timeout_s=WORK_S, what="the end")
    assert growth.widgets.message == "<b>The comparison was cancelled.</b>"
    click(growth.widgets.button)
    wait_until(lambda: growth.found is not None, timeout_s=WORK_S, what="the comparison")

    click(ui.exportSection)
    form = panel.exports.widgets
    form.folder, form.formats = str(tmp_path / "out"), ("pdf", "json", "scores", "text")
    click(form.button)
    wait_until(lambda: form.written.startswith("Written into "), timeout_s=WORK_S, what="the files")
    screenshot("3-export")
    record = read_record(tmp_path / "out" / "measurements.json")
    assert record.growth == growth.found.comparison
    assert (record.ich_score.score, record.ich_score.edited) == (3, ("ivh", "infratentorial"))
    assert record.modified_graeb.total == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "measurements.json", "report.pdf", "report.txt", "scores.csv",
    ]  # fmt: skip
