# SPDX-License-Identifier: Apache-2.0
"""Clicks reach what a user would hit; the same tests run again in a window with the X server's own events."""

from __future__ import annotations

import os
from functools import partial

import ctk
import pytest
import qt
import slicer

HERE = "Testing/Python/integration/slicer_module/test_harness_mouse.py"


def test_a_click_on_the_header_folds_the_part(click):
    part = ctk.ctkCollapsibleButton()
    part.text = "Correct"
    layout = qt.QVBoxLayout(part)
    label = qt.QLabel("inside")
    layout.addWidget(label)
    part.show()
    click(part)
    assert part.collapsed
    assert not label.visible
    click(part)
    assert label.visible


def test_an_item_of_a_combo_box_is_chosen(choose):
    box = qt.QComboBox()
    box.addItems(["Automatic", "Processor", "Graphics card"])
    chosen = []
    box.connect("activated(int)", chosen.append)
    box.show()
    choose(box, "Graphics card")
    assert chosen == [2]
    assert box.currentText == "Graphics card"


def test_a_node_is_chosen_by_its_name(choose):
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.noneEnabled = True
    box.setMRMLScene(slicer.mrmlScene)
    for name in ("first", "second"):
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    box.show()
    choose(box, "second")
    assert box.currentNode().GetName() == "second"
    box.setMRMLScene(None)


def test_a_cell_is_ticked(slicer_app):
    table = qt.QTableWidget(2, 2)
    item = qt.QTableWidgetItem()
    item.setCheckState(qt.Qt.Checked)
    table.setItem(1, 0, item)
    table.show()
    slicer_app.click_cell(table, 1, 0)
    assert item.checkState() == qt.Qt.Unchecked


def test_what_lies_below_is_scrolled_to(click):
    area, inside = qt.QScrollArea(), qt.QWidget()
    layout = qt.QVBoxLayout(inside)
    seen = []
    for index in range(40):
        button = qt.QPushButton(str(index))
        button.connect("clicked()", partial(seen.append, index))
        layout.addWidget(button)
    area.setWidget(inside)
    area.resize(200, 200)
    area.show()
    click(button)
    assert seen == [39]


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("QT_QPA_PLATFORM") == "xcb", reason="runs in the window already")
def test_the_same_in_a_window_with_real_clicks(in_a_window):
    in_a_window(HERE)
