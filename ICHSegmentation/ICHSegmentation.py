# SPDX-License-Identifier: Apache-2.0
"""Scripted module ICHSegmentation; the panel is in ICHSegmentationPanel, the library in ICHSegmentationLib."""

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
    """Make panel and library importable: beside this file in an installed extension, one folder up in a clone."""
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent):
        if any((folder / name).is_dir() for name in _PACKAGES) and str(folder) not in sys.path:
            sys.path.append(str(folder))


_DOCUMENTATION = "https://github.com/ICHSegmentation/SlicerICHSegmentation/blob/main/docs/slicer.md"


class ICHSegmentation(ScriptedLoadableModule):
    """Metadata of the module."""

    def __init__(self, parent) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        _find_packages()
        parent.title = _("ICH Segmentation")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["Segmentations", "SegmentEditor", "Markups", "VolumeRendering", "SubjectHierarchy"]
        parent.contributors = ["The ICHSegmentation developers"]
        parent.helpText = _(
            "Segments intracranial hemorrhage on a non-contrast head CT by subtype and measures its volumes. "
            "Research use only. Not a medical device.<p>"
            "In a script: <code>from ICHSegmentation import ICHSegmentationLogic; "
            "segmentation = ICHSegmentationLogic().process(volume)</code><p>"
            "Keys: Alt+Down and Alt+Up go to the next and the previous lesion; I switches the mask by HU on and off.<p>"
            "Colors: epidural orange, subdural blue, subarachnoid yellow, intraparenchymal red, "
            "intraventricular green. Outlines are those of the compared result.<p>"
            '<a href="{url}">Documentation and tutorial</a>'
        ).format(url=_DOCUMENTATION)
        parent.acknowledgementText = _(
            "The default network follows Piao et al., Scientific Reports 13 (2023), doi:10.1038/s41598-023-33775-y."
        )
        slicer.app.connect("startupCompleted()", _register_sample_data)


def _register_sample_data() -> None:
    from ICHSegmentationPanel.sample_data import register

    register()


class ICHSegmentationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Widget that connects the panel to Slicer's life cycle."""

    def __init__(self, parent=None) -> None:
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._setup = None
        ScriptedLoadableModuleWidget.__init__(self, parent)

    def setup(self) -> None:
        """Create the panel when the module is first opened."""
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
        """Create the sections, which need the installed packages."""
        from ICHSegmentationPanel.panel import Panel
        from ICHSegmentationPanel.process import SegmentationProcess

        self.panel = Panel(self.ui, SegmentationProcess())
        self.ui.segmentSection.enabled = self.ui.resultsSection.enabled = True
        self.panel.enter(self.logic.getParameterNode())
        self.panel.start_worker()

    def cleanup(self) -> None:
        """Stop the worker and release the scene when the module is unloaded or reloaded."""
        self.removeObservers()
        if self.panel is not None:
            self.panel.close()
            self.panel = None

    def enter(self) -> None:
        """Update the panel when the module is shown."""
        if self.panel is not None:
            self.panel.enter(self.logic.getParameterNode())

    def exit(self) -> None:
        """Stop tools when another module is shown."""
        if self.panel is not None:
            self.panel.exit()

    def onSceneStartClose(self, _caller, _event) -> None:
        """Release a scene that closes."""
        if self.panel is not None:
            self.panel.leave_scene()

    def onSceneEndClose(self, _caller, _event) -> None:
        """Update the panel for the opened or empty scene if the module is shown."""
        if self.parent.isEntered:
            self.enter()

    def onReload(self) -> None:
        """Reload the panel and the library too."""
        for name in [
            name for name in sys.modules if name.split(".")[0] in ("ICHSegmentationPanel", "ICHSegmentationLib")
        ]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class ICHSegmentationLogic(ScriptedLoadableModuleLogic):
    """Logic with the parameter node, and the segmentation for scripts.

    Examples
    --------
    In Slicer's Python console, or in a script that ``Slicer --no-main-window --python-script`` runs::

        from ICHSegmentation import ICHSegmentationLogic

        volume = slicer.util.loadVolume("head.nrrd")
        segmentation = ICHSegmentationLogic().process(volume)

        from ICHSegmentationLib import mrml

        print(mrml.segment_volumes_ml(segmentation))

    The result in an own node, and inside the boxes of another result only::

        mine = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Second look")
        boxes = [lesion.box for lesion in mrml.box_lesions(segmentation)]
        ICHSegmentationLogic().process(volume, mine, model="em", boxes=boxes)
    """

    def process(
        self,
        volumeNode,
        segmentationNode=None,
        *,
        model: str = "default",
        device: str = "auto",
        force: bool = False,
        boxes=None,
    ):
        """Segment a head CT, and wait until the result is in the scene.

        Parameters
        ----------
        volumeNode : vtkMRMLScalarVolumeNode
            Non-contrast head CT, in HU.
        segmentationNode : vtkMRMLSegmentationNode, optional
            Segmentation without segments that is filled; it keeps its name. By default a new one.
        model : str
            Name of an installed model. The weights of most models are for non-commercial use only; the licence is in
            the model's card and in the attributes of the result.
        device : str
            "auto", "cpu" or "cuda:N".
        force : bool
            Segment the volume even if it does not look like a head.
        boxes : sequence of LesionBox, optional
            Segment inside these boxes only, with their subtypes; for models that take boxes. Those of a result are
            ``[lesion.box for lesion in mrml.box_lesions(segmentation)]``, those of a file
            ``ICHSegmentationLib.io.boxes.read_boxes(Path("boxes.json")).boxes``.

        Returns
        -------
        vtkMRMLSegmentationNode
            The given node or a new one: one segment per subtype that the model can output, as the panel creates it.

        Raises
        ------
        ValueError
            If the volume cannot be segmented, such as one without voxels or under a non-linear transform, or the given
            segmentation holds segments.
        ICHSegmentationError
            If the segmentation fails; the message says why. The scene is not changed.
        """
        _find_packages()
        from ICHSegmentationPanel.scripting import process

        from ICHSegmentationLib.core.options import SegmentOptions

        options = SegmentOptions(model=model, device=device, force=force)
        return process(volumeNode, options, segmentationNode, boxes)


class ICHSegmentationTest(ScriptedLoadableModuleTest):
    """Self test of the module."""

    def runTest(self) -> None:
        """Run the self test."""
        # Slicer's test runner imports this file without creating the module.
        _find_packages()
        from ICHSegmentationPanel.self_test import run_self_test

        run_self_test(self)
