# SPDX-License-Identifier: Apache-2.0
"""Fixtures of tests that open the panel; a test file imports those that it uses."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from builders.panel import a_small_ct, answer_to, open_panel
from builders.scene import add_volume

AGREED = "ICHSegmentation/AcknowledgedLicenses/hardnet-compact"


@pytest.fixture
def an_open_panel(slicer_app: Any) -> Generator[Any]:
    """Panel on a scene with one CT (``volume``), a fake worker, and the model's licence accepted."""
    import qt
    import slicer

    scan = a_small_ct()
    volume = add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Head")
    qt.QSettings().setValue(AGREED, True)
    panel = open_panel()
    panel.volume = volume
    slicer_app.process_events()
    yield panel
    panel.panel.close()


@pytest.fixture
def a_result(an_open_panel: Any, click: Any, slicer_app: Any) -> Any:
    """Panel with a published result (``node``): 2 mL of IPH and 0.4 mL of SDH."""
    run_once(an_open_panel, click)
    slicer_app.process_events()
    return an_open_panel


def run_once(panel: Any, click: Any, **changes: Any) -> Any:
    """Click Segment, send the worker's answer, and return the new segmentation node, also as ``panel.node``."""
    click(panel.ui.segmentButton)
    volume = panel.process.request["volume"]
    panel.process.request["finished"](answer_to(volume, **changes))
    panel.node = panel.logic.getParameterNode().GetNodeReference("Segmentation")
    return panel.node
