# SPDX-License-Identifier: Apache-2.0
"""MRML objects of one run of Slicer: scene, application logic and the logics of the loadable modules, all real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk
from PySide6.QtCore import QObject

from slicer_harness.application.subject_hierarchy import SubjectHierarchyItems

_SHARE = Path(__file__).resolve().parents[2] / "share"
_LOGICS = {
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Units": "vtkSlicerUnitsLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}
_SLICES = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}


class Session:
    """Objects that live as long as the scene."""

    def __init__(self, parent: QObject, cache: Path) -> None:
        self.scene = slicer.vtkMRMLScene()
        self.application_logic = slicer.vtkSlicerApplicationLogic()
        self.application_logic.SetMRMLScene(self.scene)
        colors = self.application_logic.GetColorLogic()
        colors.SetMRMLScene(self.scene)
        colors.AddDefaultColorNodes()
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetSingletonTag("default")
        self.scene.AddNode(crosshair)
        self.application_logic.SetModuleLogic("Colors", colors)
        self.logics = {name.lower(): self._logic(name, kind) for name, kind in _LOGICS.items()}
        self.remote_io = slicer.vtkMRMLRemoteIOLogic()
        self.data_io = slicer.vtkDataIOManagerLogic()
        self._set_up_reading(cache)
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self.slice_logics = vtk.vtkCollection()
        self.view_logics = vtk.vtkCollection()
        self.application_logic.SetSliceLogics(self.slice_logics)
        self.application_logic.SetViewLogics(self.view_logics)
        for factory in (
            slicer.vtkMRMLSliceViewDisplayableManagerFactory,
            slicer.vtkMRMLThreeDViewDisplayableManagerFactory,
        ):
            factory.GetInstance().SetMRMLApplicationLogic(self.application_logic)
        self.slices = {name: self._slice(name, orientation) for name, orientation in _SLICES.items()}
        self.view = self._view()
        self.subject_hierarchy = SubjectHierarchyItems(self.scene, parent)

    def _logic(self, name: str, kind: str) -> Any:
        logic = getattr(slicer, kind)()
        if name == "VolumeRendering":
            logic.SetModuleShareDirectory(str(_SHARE / "VolumeRendering"))
        logic.SetMRMLApplicationLogic(self.application_logic)
        logic.SetMRMLScene(self.scene)
        self.application_logic.SetModuleLogic(name, logic)
        return logic

    def _set_up_reading(self, cache: Path) -> None:
        cache.mkdir()
        self.remote_io.SetMRMLScene(self.scene)
        self.remote_io.GetCacheManager().SetRemoteCacheDirectory(str(cache))
        self.remote_io.AddDataIOToScene()
        self.data_io.SetMRMLApplicationLogic(self.application_logic)
        self.data_io.SetAndObserveDataIOManager(self.remote_io.GetDataIOManager())

    def _slice(self, name: str, orientation: str) -> Any:
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(self.application_logic)
        logic.SetMRMLScene(self.scene)
        node = logic.AddSliceNode(name)
        node.SetOrientation(orientation)
        node.SetMappedInLayout(True)
        node.SetDimensions(256, 256, 1)
        self.slice_logics.AddItem(logic)
        return logic

    def _view(self) -> Any:
        logic = slicer.vtkMRMLViewLogic()
        logic.SetMRMLApplicationLogic(self.application_logic)
        logic.SetMRMLScene(self.scene)
        node = logic.AddViewNode("1")
        node.SetMappedInLayout(True)
        self.view_logics.AddItem(logic)
        return logic

    def close(self) -> None:
        """Delete the objects, logics first."""
        self.subject_hierarchy.close()
        for logic in [*self.logics.values(), *self.slices.values(), self.view]:
            logic.SetMRMLScene(None)
        self.scene.Clear(True)
