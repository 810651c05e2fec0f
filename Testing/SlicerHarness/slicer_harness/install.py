# SPDX-License-Identifier: Apache-2.0
"""Make ``qt``, ``ctk`` and the missing parts of ``slicer`` importable, once per process."""

from __future__ import annotations

import os
import sys
from functools import cache
from types import SimpleNamespace
from typing import Any


@cache
def install() -> Any:
    """Install the harness; return the application."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["VTK_DEFAULT_OPENGL_WINDOW"] = "vtkEGLRenderWindow"
    from slicer_harness.qt_facade.module import StrictModule, make_qt_module

    sys.modules["qt"] = make_qt_module()
    import slicer
    import slicer.util

    slicer.modules = SimpleNamespace()
    ctk = sys.modules["ctk"] = StrictModule("ctk", "Stand-ins of ctk's widgets.")
    from slicer_harness.stand_ins.registry import PLACES, widget_class

    for name in PLACES:
        setattr(ctk if name.startswith("ctk") else slicer, name, widget_class(name))
    from slicer_harness.slicer_python import i18n, packaging

    for name, module in {"i18n": i18n, "packaging": packaging}.items():
        sys.modules[f"slicer.{name}"] = module
        setattr(slicer, name, module)
    from slicer_harness.application import app, module_manager
    from slicer_harness.slicer_python import scripted_loadable_module

    sys.modules["slicer.ScriptedLoadableModule"] = scripted_loadable_module
    slicer.ScriptedLoadableModule = scripted_loadable_module
    for kind in (module_manager.qSlicerScriptedLoadableModule, module_manager.qSlicerScriptedLoadableModuleWidget):
        setattr(slicer, kind.__name__, kind)
    slicer.app = app.qSlicerApplication()
    return slicer.app
