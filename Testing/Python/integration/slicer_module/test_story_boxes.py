# SPDX-License-Identifier: Apache-2.0
"""A reader corrects boxes, with real clicks, the real scene, the real worker and the model that needs no weights."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import slicer
from builders.python_slicer import put_on_path
from builders.scene import add_volume

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")]

WORK_S = 120.0
"""Far more than it takes: a limit for a broken program only."""
MISSED = (15, 95, 120)
"""Slice, row and column of a faint bleed of 0.6 mL, which the model does not see by itself."""


@pytest.fixture(scope="module")
def a_head():
    """A generated head with a bleed inside the brain, and a small, faint one."""
    from ICHSegmentationLib.core.subtypes import Subtype
    from ICHSegmentationLib.research.simulation.simulate import simulated_ct

    volume = simulated_ct(3, subtypes=(Subtype.IPH,), shape=(24, 200, 200), spacing_mm=(6.0, 1.1, 1.1)).volume
    number, row, column = MISSED
    rows, columns = np.ogrid[:200, :200]
    volume.hu[number][(rows - row) ** 2 + (columns - column) ** 2 <= 25] += 14
    return volume


@pytest.fixture
def a_module(load_module, monkeypatch, tmp_path, a_head, click, choose, wait_until):
    """The module with the head segmented by the mixture, and Boxes unfolded."""
    put_on_path(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    module = load_module("ICHSegmentation")
    add_volume(slicer.mrmlScene, a_head.hu, a_head.grid.affine_ras, "Generated head")
    choose(module.ui.inputSelector, "Generated head")
    click(module.ui.advancedSection)
    choose(module.ui.modelSelector, "em")
    click(module.ui.advancedSection)
    click(module.ui.segmentButton)
    wait_until(lambda: module.ui.segmentButton.text == "Segment", timeout_s=WORK_S, what="the end of the run")
    click(module.ui.segmentSection)
    click(module.ui.boxesSection)
    return module


def rows(module):
    table = module.panel.boxes.widgets.table.widget
    return [tuple(table.item(row, column).text() for column in range(3)) for row in range(table.rowCount)]


def total(module):
    table = module.ui.resultsTable
    return float(table.item(table.rowCount - 1, 1).text())


def ras_of(head, voxel):
    column_row_slice = np.array([voxel[2], voxel[1], voxel[0], 1.0])
    return (head.grid.affine_ras @ column_row_slice)[:3]


def test_a_missed_bleed_gets_a_box_and_a_false_one_goes(
    a_module, a_head, slicer_app, click, wait_until, screenshot, tmp_path
):
    from ICHSegmentationLib import mrml

    part = a_module.panel.boxes
    node = a_module.ui.segmentationSelector.currentNode()
    form, first, found = part.widgets, rows(a_module), total(a_module)
    assert len(first) == len(mrml.rois_of(node)) > 1
    assert all(sure.endswith(" %") for _name, _ml, sure in first)
    assert sum(float(ml) for _name, ml, _sure in first) == pytest.approx(found, abs=0.03)
    assert mrml.label_map_of(node).labels[MISSED] == 0

    # What is bright at the skull base was taken for blood: its box goes, and with it what is labelled.
    false = next(row for row, lesion in enumerate(part._lesions.values()) if lesion.box.slices[1] < 9)
    slicer_app.click_cell(form.table.widget, false, 1)
    false_ml = float(first[false][1])
    assert false_ml > 0.3
    click(form.delete_button)
    assert (len(rows(a_module)), total(a_module)) == (len(first) - 1, pytest.approx(found - false_ml, abs=0.02))
    assert len(mrml.rois_of(node)) == len(first) - 1

    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    crosshair.SetCrosshairMode(crosshair.ShowBasic)
    crosshair.SetCrosshairRAS(*ras_of(a_head, MISSED))
    without = total(a_module)
    click(slicer.util.findChild(a_module.ui.boxesPlace, "addIPHButton"))
    assert form.message == "<b>Segmenting the box...</b>"
    wait_until(lambda: not part.changes.is_running, timeout_s=WORK_S, what="the lesion")
    assert form.message == ""
    assert rows(a_module)[-1][0::2] == ("Intraparenchymal", "—")
    assert float(rows(a_module)[-1][1]) == pytest.approx(0.5, abs=0.1)
    assert total(a_module) == pytest.approx(without + float(rows(a_module)[-1][1]), abs=0.02)
    assert mrml.label_map_of(node).labels[MISSED] == 4
    crosshair.SetCrosshairMode(crosshair.NoCrosshair)
    # One step back at a time: the added lesion goes, then the false one is there again.
    for states in (len(first) - 1, len(first)):
        click(form.undo_button)
        wait_until(lambda states=states: len(rows(a_module)) == states, what="the list")
        assert len(mrml.rois_of(node)) == states
    assert (rows(a_module), total(a_module)) == (first, found)
    editor = a_module.panel.corrections._editor.widget
    for _ in range(2):
        editor.redo()
    wait_until(lambda: rows(a_module)[-1][0] == "Intraparenchymal", what="the list")
    corrected = rows(a_module)

    click(a_module.ui.show3DButton)
    click(a_module.ui.skullButton)
    click(form.shown_3d)
    click(a_module.ui.resultsSection)
    slicer_app.click_cell(form.table.widget, len(rows(a_module)) - 1, 1)
    screenshot("1-added")

    path = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    assert rows(a_module) == []
    slicer.util.loadScene(str(path))
    wait_until(lambda: rows(a_module) == corrected, what="the list of the saved scene")
    assert len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == len(corrected)
