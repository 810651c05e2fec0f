# SPDX-License-Identifier: Apache-2.0
"""A user corrects lesions and adds missed ones, with real clicks, the real scene and the real worker."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import slicer
from builders.panel_fixtures import AGREED
from builders.python_slicer import put_on_path
from builders.scene import add_volume
from slicer_harness.editing import place

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")]

WORK_S = 400.0
"""Far more than it takes: a limit for a broken program only."""
MISSED = (15, 95, 120)
"""Slice, row and column of a faint bleed of 0.6 mL, which no model sees by itself."""


def head(subtypes, hu):
    """Return a generated head with bleeds of some subtypes, and a small, faint one that is ``hu`` brighter."""
    from ICHSegmentationLib.research.simulation.simulate import simulated_ct

    volume = simulated_ct(3, subtypes=subtypes, shape=(24, 200, 200), spacing_mm=(6.0, 1.1, 1.1)).volume
    number, row, column = MISSED
    rows, columns = np.ogrid[:200, :200]
    volume.hu[number][(rows - row) ** 2 + (columns - column) ** 2 <= 25] += hu
    return volume


@pytest.fixture(scope="module")
def a_head():
    """A generated head with a bleed inside the brain, and a small, faint one."""
    from ICHSegmentationLib.core.subtypes import Subtype

    return head((Subtype.IPH,), 14)


@pytest.fixture
def segment(load_module, monkeypatch, tmp_path, click, choose, wait_until):
    """Load the module, segment a scan with a model, and return the module."""
    put_on_path(tmp_path / "bin", monkeypatch)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def segment(scan, model):
        module = load_module("ICHSegmentation")
        add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Generated head")
        choose(module.ui.inputSelector, "Generated head")
        click(module.ui.advancedSection)
        choose(module.ui.modelSelector, model)
        click(module.ui.advancedSection)
        click(module.ui.segmentButton)
        wait_until(lambda: module.ui.segmentButton.text == "Segment", timeout_s=WORK_S, what="the end of the run")
        return module

    return segment


def rows(module):
    """Subtype, volume, place and confidence of each row."""
    table = module.panel.lesions.widgets.table.widget
    return [
        (table.cellWidget(row, 0).currentText, *(table.item(row, column).text() for column in (1, 2, 4)))
        for row in range(table.rowCount)
    ]


def total(module):
    table = module.ui.resultsTable
    return float(table.item(table.rowCount - 1, 1).text())


def ras_of(scan, voxel):
    column_row_slice = np.array([voxel[2], voxel[1], voxel[0], 1.0])
    return (scan.grid.affine_ras @ column_row_slice)[:3]


def add_by_a_click(module, scan, click, wait_until):
    """Click on the missed bleed, and wait for its lesion."""
    part = module.panel.lesions
    click(slicer.util.findChild(module.ui.lesionsPlace, "clickIPHButton"))
    place([ras_of(scan, MISSED)])
    wait_until(lambda: not part.changes.is_running, timeout_s=WORK_S, what="the lesion")
    assert part.widgets.message == ""


def test_a_negative_scan_gets_a_missed_bleed_by_one_click_and_its_report_is_copied(
    segment, click, wait_until, screenshot
):
    import qt

    from ICHSegmentationLib.models import load_manifest

    for entry in load_manifest().models:
        qt.QSettings().setValue(f"{AGREED.rpartition('/')[0]}/{entry.name}", True)
    scan = head((), 22)
    # The model that takes no look-alikes of the generated heads for hemorrhage.
    module = segment(scan, "se_unet_3d-compact")
    ui = module.ui
    assert ui.findingLabel.text.startswith("<b>No hemorrhage found.</b>")
    assert "missed in 0 %" in ui.findingLabel.text
    assert ui.resultsTable.visible is False
    screenshot("1-negative")

    add_by_a_click(module, scan, click, wait_until)
    (added,) = rows(module)
    assert (added[0], added[3]) == ("IPH", "by hand")
    assert float(added[1]) == pytest.approx(0.6, abs=0.3)
    assert ui.findingLabel.text.startswith("<b>Hemorrhage found:</b> 1 lesion")
    screenshot("2-added")

    click(ui.exportSection)
    click(module.panel.exports.widgets.copy_button)
    wait_until(lambda: "on the clipboard" in module.panel.exports.widgets._message.text, timeout_s=WORK_S)
    text = slicer.app.clipboard().text()
    assert f"{float(added[1]):.1f} mL" in text


def test_a_missed_bleed_gets_a_box_a_false_one_goes_and_subtypes_change(
    segment, a_head, slicer_app, click, choose, wait_until, screenshot, tmp_path
):
    from ICHSegmentationLib import mrml

    a_module = segment(a_head, "em")
    click(a_module.ui.segmentSection)
    part = a_module.panel.lesions
    node = a_module.ui.segmentationSelector.currentNode()
    form, first, found = part.widgets, rows(a_module), total(a_module)
    assert len(first) == len(mrml.rois_of(node)) > 1
    assert all((name, confidence[-2:]) == ("ICH", " %") for name, _ml, _where, confidence in first)
    assert any("left" in where or "right" in where for _name, _ml, where, _confidence in first)
    assert sum(float(ml) for _name, ml, *_others in first) == pytest.approx(found, abs=0.03)
    assert mrml.label_map_of(node).labels[MISSED] == 0

    # What is bright at the skull base was taken for blood: it is deleted with its box.
    false = next(row for row, lesion in enumerate(part._lesions.values()) if lesion.box.slices[1] < 9)
    slicer_app.click_cell(form.table.widget, false, 1)
    false_ml = float(first[false][1])
    assert false_ml > 0.3
    click(form.delete_button)
    assert (len(rows(a_module)), total(a_module)) == (len(first) - 1, pytest.approx(found - false_ml, abs=0.02))

    without = total(a_module)
    add_by_a_click(a_module, a_head, click, wait_until)
    added = rows(a_module)[-1]
    assert (added[0], added[3]) == ("IPH", "by hand")
    assert float(added[1]) == pytest.approx(0.5, abs=0.1)
    assert total(a_module) == pytest.approx(without + float(added[1]), abs=0.02)
    assert mrml.label_map_of(node).labels[MISSED] == 4
    # One step back at a time: the added lesion goes, then the false one is there again.
    for states in (len(first) - 1, len(first)):
        click(form.undo_button)
        wait_until(lambda states=states: len(rows(a_module)) == states, what="the list")
    assert (rows(a_module), total(a_module)) == (first, found)
    editor = a_module.panel.corrections._editor.widget
    for _ in range(2):
        editor.redo()
    wait_until(lambda: rows(a_module)[-1] == added, what="the list")

    # A box drawn by two clicks on opposite corners, then another subtype in its row.
    click(slicer.util.findChild(a_module.ui.lesionsPlace, "drawSAHButton"))
    number, row, column = MISSED
    place([ras_of(a_head, (number, row - 30 + side, column - 30 + side)) for side in (0, 20)])
    wait_until(lambda: not part.changes.is_running, timeout_s=WORK_S, what="the drawn box")
    choose(form.table.widget.cellWidget(len(rows(a_module)) - 1, 0), "SDH")
    assert rows(a_module)[-1][0] == "SDH"
    corrected = rows(a_module)

    click(a_module.ui.show3DButton)
    click(a_module.ui.skullButton)
    click(form.shown)
    click(form.shown_3d)
    slicer_app.click_cell(form.table.widget, len(corrected) - 2, 1)
    screenshot("1-added")

    path = tmp_path / "scene.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    assert rows(a_module) == []
    slicer.util.loadScene(str(path))
    wait_until(lambda: rows(a_module) == corrected, what="the list of the saved scene")
    assert len(slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")) == len(corrected)
