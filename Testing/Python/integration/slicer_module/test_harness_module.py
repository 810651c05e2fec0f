# SPDX-License-Identifier: Apache-2.0
"""The harness runs a scripted module from its .ui file to its end."""

from __future__ import annotations

import slicer


def test_a_module_counts_its_clicks(load_module, click, a_module):
    widget = load_module(a_module)
    click(widget.ui.countButton)
    click(widget.ui.countButton)
    assert widget.ui.countLabel.text == "2"
    assert widget.logic.getParameterNode().GetParameter("count") == "2"


def test_a_closed_scene_starts_anew(load_module, click, a_module):
    widget = load_module(a_module)
    click(widget.ui.countButton)
    slicer.mrmlScene.Clear()
    assert widget.ui.countLabel.text == "0"
