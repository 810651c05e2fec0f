# SPDX-License-Identifier: Apache-2.0
"""Slicer's slice and 3D views of a scene, rendered off screen without Qt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

Node = Any
_SLICE_MANAGERS = ("vtkMRMLSegmentationsDisplayableManager2D",)
_3D_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLVolumeRenderingDisplayableManager",
)


class SceneViews:
    """Application logic and displayable managers that views need."""

    def __init__(self, scene: Node) -> None:
        import slicer
        import vtk

        self.scene = scene
        self.application = slicer.vtkSlicerApplicationLogic()
        self.application.SetMRMLScene(scene)
        self.application.GetColorLogic().SetMRMLScene(scene)
        self.application.GetColorLogic().AddDefaultColorNodes()
        self.application.SetSliceLogics(vtk.vtkCollection())
        self.application.SetViewLogics(vtk.vtkCollection())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
        self.volume_rendering = slicer.vtkSlicerVolumeRenderingLogic()
        self.volume_rendering.SetMRMLApplicationLogic(self.application)
        self.volume_rendering.SetMRMLScene(scene)
        self.application.SetModuleLogic("VolumeRendering", self.volume_rendering)


class View:
    """Render window with the displayable managers of one view node."""

    node: Node

    def __init__(self, views: SceneViews, factory: Any, managers: tuple[str, ...], size: int) -> None:
        import slicer
        import vtk

        from ICHSegmentationLib.rendering.graphics import offscreen_window

        self.window, self.renderer = offscreen_window(), vtk.vtkRenderer()
        self.window.SetSize(size, size)
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkGenericRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        factory.SetMRMLApplicationLogic(views.application)
        for name in managers:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.group = slicer.vtkMRMLDisplayableManagerGroup()
        self.group.Initialize(factory, self.renderer)

    def picture(self) -> np.ndarray:
        """Render; return the picture as (rows, columns, 3) uint8."""
        import vtk
        from vtk.util.numpy_support import vtk_to_numpy

        self.window.Render()
        width, height = self.window.GetSize()
        pixels = vtk.vtkUnsignedCharArray()
        self.window.GetPixelData(0, 0, width - 1, height - 1, 1, pixels, 0)
        return vtk_to_numpy(pixels).reshape(height, width, 3)[::-1].copy()

    def pixel_of(self, ras_mm: tuple[float, float, float]) -> tuple[int, int]:
        """Return row and column of a point in the picture of a slice view."""
        import vtk

        to_xy = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.node.GetXYToRAS(), to_xy)
        x, y = to_xy.MultiplyPoint((*ras_mm, 1.0))[:2]
        return self.window.GetSize()[1] - 1 - round(y), round(x)

    def save(self, path: Path) -> None:
        """Render and write a PNG."""
        from PIL import Image

        Image.fromarray(self.picture()).save(path)


class SliceView(View):
    """Slice view with a volume behind the segmentations."""

    def __init__(self, views: SceneViews, volume_node: Node, name: str = "Red", orientation: str = "Axial") -> None:
        import slicer
        import vtk

        super().__init__(views, slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance(), _SLICE_MANAGERS, 512)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(views.application)
        self.logic.SetMRMLScene(views.scene)
        self.node = self.logic.AddSliceNode(name)
        self.node.SetOrientation(orientation)
        views.application.GetSliceLogics().AddItem(self.logic)
        self.logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume_node.GetID())
        self.logic.ResizeSliceNode(512, 512)
        self.logic.FitSliceToBackground()
        mapper = vtk.vtkImageMapper()
        mapper.SetInputConnection(self.logic.GetImageDataConnection())
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(mapper)
        actor.SetLayerNumber(0)
        self.renderer.AddViewProp(actor)
        self.group.SetMRMLDisplayableNode(self.node)


class ThreeDView(View):
    """One 3D view."""

    def __init__(self, views: SceneViews) -> None:
        import slicer

        super().__init__(views, slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance(), _3D_MANAGERS, 600)
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(views.application)
        self.logic.SetMRMLScene(views.scene)
        self.node = self.logic.AddViewNode("1")
        views.application.GetViewLogics().AddItem(self.logic)
        self.group.SetMRMLDisplayableNode(self.node)
