# SPDX-License-Identifier: Apache-2.0
"""The module's panel with a worker that the test controls, and scans for it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from builders.fake_process import FakeProcess
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import RuntimeInfo, get_model, output_subtypes
from ICHSegmentationLib.segmentation.result import SegmentationResult

MODULE_FOLDER = Path(__file__).resolve().parents[3] / "ICHSegmentation"


def load_widgets() -> tuple[Any, Any]:
    """Load the panel's .ui file into the main window; return its widget and the child widgets by name."""
    import slicer

    if str(MODULE_FOLDER) not in sys.path:
        sys.path.append(str(MODULE_FOLDER))
    widget = slicer.util.loadUI(str(MODULE_FOLDER / "Resources" / "UI" / "ICHSegmentation.ui"))
    ui = slicer.util.childWidgetVariables(widget)
    widget.setMRMLScene(slicer.mrmlScene)
    slicer.app._main_window.show_panel(widget)
    slicer.app._main_window.show()
    return widget, ui


def open_panel() -> Any:
    """Return an open panel as ``panel``, ``ui``, ``process``, ``widget`` and ``logic``; close ``panel`` at the end."""
    from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

    widget, ui = load_widgets()
    from ICHSegmentationPanel.panel import Panel

    logic = ScriptedLoadableModuleLogic()
    logic.moduleName = "ICHSegmentation"
    ui.setupFrame.visible = False
    process = FakeProcess()
    panel = Panel(ui, process)
    panel.enter(logic.getParameterNode())
    return SimpleNamespace(panel=panel, ui=ui, process=process, widget=widget, logic=logic)


def a_small_ct() -> CTVolume:
    """Return a box of brain in air: 6 slices of 5 mm, 40 x 40 pixels of 2 mm."""
    from builders.grids import make_grid

    grid: SliceGrid = make_grid(rows=40, columns=40, spacing_mm=(2.0, 2.0), steps_mm=(5.0,) * 5)
    hu = np.full(grid.shape, -1000, dtype=np.int16)
    hu[:, 5:35, 5:35] = 35
    return CTVolume(hu, grid)


def some_labels(volume: CTVolume) -> LabelMap:
    """Return 2 mL of IPH (100 voxels of 20 mm3) and 0.4 mL of SDH (20 voxels)."""
    labels = np.zeros(volume.hu.shape, dtype=np.uint8)
    labels[2:4, 10:15, 10:20] = Subtype.IPH
    labels[3, 30:32, 10:20] = Subtype.SDH
    return LabelMap(labels, volume.grid)


def answer_to(
    volume: CTVolume,
    labels: LabelMap | None = None,
    *,
    subtypes: tuple[str, ...] | None = None,
    brain_frame: Any = None,
    **changes: Any,
) -> Any:
    """Return the worker's answer."""
    labels = labels or some_labels(volume)
    result = SegmentationResult(
        volume=volume,
        label_map=labels,
        runtime=RuntimeInfo(device="cpu", backend="openvino", threads=1, precision="f32"),
        timings_s={"infer": 1.0},
        **({"model": get_model(), "warnings": ()} | changes),
    )
    subtypes = output_subtypes(result.model) if subtypes is None else subtypes
    return SimpleNamespace(
        segmentation=result, measurements=measure(labels), subtypes=subtypes, brain_frame=brain_frame
    )
