# SPDX-License-Identifier: Apache-2.0
"""The whole story in the panel, with real clicks, the real scene, the real worker and the shipped model."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import slicer
from builders.panel_fixtures import AGREED
from builders.python_slicer import put_on_path
from builders.scene import add_acquisition_transform, add_volume, load_dicom
from slicer_harness.window import missing_for_a_window

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and scripts")]

IN_A_WINDOW = os.environ.get("QT_QPA_PLATFORM") == "xcb"
CAN_HAVE_A_WINDOW = missing_for_a_window() is None
ROOT = Path(__file__).resolve().parents[4]
ROWS = ("EDH", "SDH", "SAH", "IPH", "IVH")
RUN_S = 120.0
"""Far more than a run takes: a limit for a broken program only."""


@pytest.fixture
def a_module(load_module, monkeypatch, tmp_path):
    """The module, opened on an empty scene."""
    import qt

    qt.QSettings().setValue(AGREED, True)
    put_on_path(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return load_module("ICHSegmentation")


@pytest.fixture
def ge_scan(shared_data):
    """Put the GE scan into the scene as Slicer's DICOM module does: under its acquisition transform."""
    from ICHSegmentationLib import read_ct

    def load():
        folder = shared_data / "ge-head-ct"
        files = sorted(folder.glob("*.dcm"))
        slicer.dicomDatabase.add_folder(folder)
        volume, _ = load_dicom(slicer.mrmlScene, files, "4: Head", logic=slicer.modules.volumes.logic())
        add_acquisition_transform(volume, read_ct(files).grid)
        return volume

    return load


@pytest.fixture(scope="module")
def a_bleeding_head():
    """A generated head with a bleed of each subtype, coarse enough to be quick."""
    from ICHSegmentationLib.core.subtypes import Subtype
    from ICHSegmentationLib.research.simulation.simulate import simulated_ct

    return simulated_ct(3, subtypes=tuple(Subtype), shape=(24, 200, 200), spacing_mm=(6.0, 1.1, 1.1)).volume


class Runs:
    """Clicks Segment and watches the bar."""

    def __init__(self, module, click, wait_until):
        self.ui = module.ui
        self._click = click
        self._wait = wait_until
        self.stages = []

    def start(self):
        assert self.ui.segmentButton.text == "Segment"
        self._click(self.ui.segmentButton)
        assert self.ui.segmentButton.text == "Cancel"

    def wait_for(self, stage):
        self._wait(lambda: self._stage() == stage, timeout_s=RUN_S, what=f"the stage {stage}")

    def finish(self):
        self._wait(self._is_over, timeout_s=RUN_S, what="the end of the run")
        return self.ui.messageLabel.text

    def _stage(self):
        stage = self.ui.progressBar.format.partition(" (")[0]
        if self.stages[-1:] != [stage]:
            self.stages.append(stage)
        return stage

    def _is_over(self):
        self._stage()
        return self.ui.segmentButton.text == "Segment"


@pytest.fixture
def runs(a_module, click, wait_until):
    return Runs(a_module, click, wait_until)


def column(module, number):
    table = module.ui.resultsTable
    return [table.item(row, number).text() for row in range(table.rowCount)]


def kill_worker(slicer_app):
    """Kill the worker as the system does when memory runs out, not the launcher above it."""
    from slicer_harness.checks.processes import marked_processes

    own = marked_processes(slicer_app._mark)
    workers = [pid for pid, command in own.items() if "ICHSegmentationLib/worker" in command and "/sh " not in command]
    assert len(workers) == 1, own
    os.kill(workers[0], signal.SIGKILL)


def say_scores(module, click, choose):
    """Say where the bleed began and how full the third ventricle is; return the lists that show it."""
    ich, graeb = module.panel.scores.ich, module.panel.scores.graeb
    boxes = ich.infratentorial, graeb.points["third"]
    click(module.ui.scoresSection)
    for box, answer in zip(boxes, ("yes", "5"), strict=True):
        assert box.widget.currentText.startswith("proposed: ")
        choose(box.widget, answer)
    click(module.ui.scoresSection)
    return boxes


def correct_on_an_even_stack(module, volume, click, wait_until):
    """Set the transform aside, paint in the middle, undo, redo, put the transform back; return the volumes then."""
    from slicer_harness.editing import paint

    ui, row, first = module.ui, ROWS.index("IPH"), column(module, 1)
    click(ui.correctSection)
    wait_until(lambda: ui.detachFrame.visible, what="the offer to set the transform aside")
    assert ui.editorFrame.enabled is False
    click(ui.detachButton)
    assert (volume.GetTransformNodeID(), ui.editorFrame.enabled) == (None, True)
    editor = module.panel.corrections._editor.widget
    editor.setCurrentSegmentID("IPH")
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    paint(editor, [(bounds[axis] + bounds[axis + 1]) / 2 for axis in (0, 2, 4)], 15.0)
    edited = column(module, 1)
    assert float(edited[row]) > float(first[row]) + 5
    assert float(edited[-1]) > float(first[-1]) + 5
    assert column(module, 3)[row] == "by hand"
    editor.undo()
    assert (column(module, 1), column(module, 3)) == (first, [""] * 6)
    editor.redo()
    click(ui.detachButton)
    assert column(module, 1) == edited
    return edited


@pytest.mark.skipif(not IN_A_WINDOW and CAN_HAVE_A_WINDOW, reason="is run in a window below")
def test_a_ct_is_segmented_corrected_saved_and_reopened(
    a_module, a_bleeding_head, runs, click, choose, dialogs, wait_until, screenshot, tmp_path
):
    import qt
    from slicer_harness.editing import paint

    from ICHSegmentationLib import mrml

    ui = a_module.ui
    add_volume(slicer.mrmlScene, a_bleeding_head.hu, a_bleeding_head.grid.affine_ras, "Generated head")
    choose(ui.inputSelector, "Generated head")
    click(ui.advancedSection)
    choose(ui.modelSelector, "hardnet-compact")
    click(ui.advancedSection)
    assert ui.geometryLabel.text.startswith("24 slices, no tilt, step 6.00 mm, no gaps")
    qt.QSettings().remove(AGREED)
    dialogs.answer("OK")

    runs.start()
    runs.wait_for("Finding blood")
    assert runs.finish().startswith("Segmented in ")
    assert [stage for stage in runs.stages if stage] == [
        "Starting",
        "Loading the model",
        "Preparing the slices",
        "Finding blood",
        "Postprocessing",
        "Measuring",
    ]

    first = column(a_module, 1)
    assert len(first) == 6
    assert float(first[-1]) > 5
    wait_until(lambda: ui.copyTableButton.y >= ui.resultsTable.y + ui.resultsTable.height, what="the layout")
    screenshot("1-result")

    click(ui.correctSection)
    lesion = mrml.largest_lesion(ui.segmentationSelector.currentNode())
    row = ROWS.index(lesion.subtype)
    editor = a_module.panel.corrections._editor.widget
    editor.setCurrentSegmentID(lesion.subtype)
    paint(editor, lesion.ras_mm, 20.0)
    edited = column(a_module, 1)
    assert float(edited[row]) > float(first[row]) + 1
    assert column(a_module, 3)[row] == "by hand"
    screenshot("2-edited")
    editor.undo()
    assert column(a_module, 1) == first
    assert column(a_module, 3) == [""] * 6
    editor.redo()

    scores = say_scores(a_module, click, choose)
    click(ui.show3DButton)
    click(ui.skullButton)
    screenshot("3-in-3d")
    path = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    assert column(a_module, 1) == []
    slicer.util.loadScene(str(path))
    assert column(a_module, 1) == edited
    assert column(a_module, 3)[row] == "by hand"
    assert ui.show3DButton.checked is True
    assert [box.widget.currentText for box in scores] == ["yes", "5"]


def test_the_tilted_scan_goes_the_whole_way_and_its_runs_can_be_cancelled_and_killed(
    slicer_app, a_module, ge_scan, runs, click, choose, wait_until, tmp_path
):
    from ICHSegmentationLib import mrml

    ui = a_module.ui
    volume = ge_scan()
    choose(ui.inputSelector, "4: Head")
    assert ui.geometryLabel.text.startswith(
        "28 slices, tilt 18.5 deg, steps 4.22 and 7.38 mm, no gaps, under Slicer's acquisition transform"
    )
    runs.start()
    runs.wait_for("Finding blood")
    assert runs.finish().startswith("Segmented in ")
    node = ui.segmentationSelector.currentNode()
    transform_id = volume.GetTransformNodeID()
    assert node.GetTransformNodeID() == transform_id
    first = column(a_module, 1)
    assert first[-1] == f"{mrml.segment_volumes_ml(node)['total']:.2f}"

    edited = correct_on_an_even_stack(a_module, volume, click, wait_until)
    assert node.GetTransformNodeID() == transform_id
    click(ui.show3DButton)

    path = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    assert column(a_module, 1) == []
    slicer.util.loadScene(str(path))
    node = ui.segmentationSelector.currentNode()
    assert (column(a_module, 1), column(a_module, 3)[ROWS.index("IPH")]) == (edited, "by hand")
    assert node.GetTransformNodeID() == ui.inputSelector.currentNode().GetTransformNodeID() is not None
    assert node.GetDisplayNode().GetVisibility3D() == 1

    runs.start()
    runs.wait_for("Finding blood")
    click(ui.segmentButton)
    assert "cancelled" in runs.finish()
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == [node]

    runs.start()
    runs.wait_for("Preparing the slices")
    kill_worker(slicer_app)
    assert "The system ended the segmentation" in runs.finish()
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == [node]
    assert column(a_module, 1) == edited


@pytest.mark.skipif(IN_A_WINDOW, reason="is in a window already")
def test_that_is_done_by_real_clicks_in_a_window(in_a_window):
    story = "test_a_ct_is_segmented_corrected_saved_and_reopened"
    in_a_window(f"{Path(__file__).relative_to(ROOT)}::{story}")
