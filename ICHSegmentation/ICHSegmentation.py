# SPDX-License-Identifier: Apache-2.0
"""The scripted module ICHSegmentation; its panel is in ICHSegmentationPanel, what it does in ICHSegmentationLib."""

from __future__ import annotations

import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

_PACKAGES = ("ICHSegmentationPanel", "ICHSegmentationLib")


def _find_packages() -> None:
    """Make panel and library importable: beside this file where the extension is installed, above it in a clone."""
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent):
        if any((folder / name).is_dir() for name in _PACKAGES) and str(folder) not in sys.path:
            sys.path.append(str(folder))


class ICHSegmentation(ScriptedLoadableModule):
    """What Slicer shows of the module."""

    def __init__(self, parent) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        _find_packages()
        parent.title = _("ICH Segmentation")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["Segmentations", "SegmentEditor", "VolumeRendering", "SubjectHierarchy"]
        parent.contributors = ["The ICHSegmentation developers"]
        parent.helpText = _(
            "Finds intracranial hemorrhage on a non-contrast head CT, tells its five subtypes apart, and measures "
            "them. Research use only. Not a medical device."
        )
        parent.acknowledgementText = _(
            "The default network follows Piao et al., Scientific Reports 13 (2023), doi:10.1038/s41598-023-33775-y."
        )
        slicer.app.connect("startupCompleted()", _register_sample_data)


def _register_sample_data() -> None:
    from ICHSegmentationPanel.sample_data import register

    register()


class ICHSegmentationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel in Slicer's life cycle."""

    def __init__(self, parent=None) -> None:
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._setup = None
        ScriptedLoadableModuleWidget.__init__(self, parent)

    def setup(self) -> None:
        """Build the panel, when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        _find_packages()
        from ICHSegmentationPanel.install import Requirements
        from ICHSegmentationPanel.sections.setup import SetupSection

        panel_widget = slicer.util.loadUI(self.resourcePath("UI/ICHSegmentation.ui"))
        self.layout.addWidget(panel_widget)
        self.ui = slicer.util.childWidgetVariables(panel_widget)
        panel_widget.setMRMLScene(slicer.mrmlScene)
        self.logic = ICHSegmentationLogic()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndClose)
        self._setup = SetupSection(self.ui, Requirements(), self._build)
        for name, section in vars(self.ui).items():
            if name.endswith("Section"):
                section.enabled = self._setup.is_ready
        if self._setup.is_ready:
            self._build()

    def _build(self) -> None:
        """Make the parts that need the installed packages."""
        from ICHSegmentationPanel.panel import Panel
        from ICHSegmentationPanel.process import SegmentationProcess

        self.panel = Panel(self.ui, SegmentationProcess())
        self.ui.segmentSection.enabled = self.ui.resultsSection.enabled = True
        self.panel.enter(self.logic.getParameterNode())
        self.panel.start_worker()

    def cleanup(self) -> None:
        """End the worker and let go of the scene, as the module is unloaded or reloaded."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.close()
            self.panel = None

    def enter(self) -> None:
        """Take up the scene, as the module is shown."""
        if self.panel is not None:
            self.panel.enter(self.logic.getParameterNode())

    def exit(self) -> None:
        """Put tools away, as another module is shown."""
        if self.panel is not None:
            self.panel.exit()

    def onSceneStartClose(self, _caller, _event) -> None:
        """Let go of a scene that closes."""
        if self.panel is not None:
            self.panel.leave_scene()

    def onSceneEndClose(self, _caller, _event) -> None:
        """Take up the scene that was opened, or the empty one, if the panel is in sight."""
        if self.parent.isEntered:
            self.enter()

    def onReload(self) -> None:
        """Read the panel and the library anew as well."""
        for name in [
            name for name in sys.modules if name.split(".")[0] in ("ICHSegmentationPanel", "ICHSegmentationLib")
        ]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class ICHSegmentationLogic(ScriptedLoadableModuleLogic):
    """Keeps the parameter node; for segmenting from scripts see the library and ICHSegmentationLib.mrml."""


class ICHSegmentationTest(ScriptedLoadableModuleTest):
    """The self test, also in real Slicer."""

    def runTest(self) -> None:
        """Run all of it."""
        # Slicer's test runner imports this file by itself, without making the module.
        _find_packages()
        from ICHSegmentationPanel.self_test import run_self_test

        run_self_test(self)
