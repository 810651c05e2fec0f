# SPDX-License-Identifier: Apache-2.0
"""Look up widget classes by their name in a .ui file."""

from __future__ import annotations

import importlib
from typing import Any

from PySide6 import QtWidgets

from slicer_harness.stand_ins.allow_list import API

_PLACES = {
    "collapsible": "ctkCollapsibleButton ctkCollapsibleGroupBox qMRMLCollapsibleButton",
    "buttons": "ctkCheckBox ctkColorPickerButton ctkMenuButton ctkPushButton",
    "combo_box": "ctkComboBox",
    "sliders": "ctkDoubleSlider ctkDoubleSpinBox ctkSliderWidget",
    "paths": "ctkDirectoryButton ctkPathLineEdit",
    "message_box": "ctkMessageBox",
    "widgets": "qMRMLWidget qSlicerWidget",
    "node_combo_box": "qMRMLNodeComboBox",
    "segment_editor": "qMRMLSegmentEditorWidget",
}
PLACES = {name: f"slicer_harness.stand_ins.{module}" for module, names in _PLACES.items() for name in names.split()}


def widget_class(name: str) -> Any:
    """Return the stand-in called ``name``; raise AttributeError for an unknown name."""
    if name in PLACES:
        return getattr(importlib.import_module(PLACES[name]), name)
    known = " but the harness has no stand-in for it yet" if name in API else " to the harness's allow-list"
    message = f"the class {name} is known{known}" if name in API else f"the class {name} is not known{known}"
    raise AttributeError(message)


def qt_widget_class(name: str) -> Any:
    """Return Qt's class, or the stand-in."""
    return getattr(QtWidgets, name, None) or widget_class(name)
