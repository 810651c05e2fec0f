# SPDX-License-Identifier: Apache-2.0
"""What the module shows: slices at a lesion, windows, surfaces, the skull."""

from __future__ import annotations

import types

import numpy as np
import pytest
import slicer
import vtk
from builders.errors import raises
from builders.requirements import require_graphics
from builders.scene import publish_head, save_and_reopen
from builders.scene_views import SceneViews, SliceView

from ICHSegmentationLib import mrml
from ICHSegmentationLib.core.errors import ICHSegmentationError, NodeRemovedError

SURFACE = "Closed surface"


@pytest.fixture
def a_result():
    """A tilted head under the acquisition transform with its result."""
    return publish_head()


@pytest.fixture
def a_volume_rendering_module(a_result, monkeypatch):
    """Slicer's volume rendering module."""
    logic = slicer.vtkSlicerVolumeRenderingLogic()
    logic.SetMRMLScene(a_result.scene)
    module = types.SimpleNamespace(logic=lambda: logic)
    monkeypatch.setattr(slicer, "modules", types.SimpleNamespace(volumerendering=module), raising=False)
    return logic


def test_slices_go_through_the_point(a_result):
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(a_result.scene, True)
    slice_nodes = []
    for name, orientation in (("Red", "Axial"), ("Green", "Coronal"), ("Yellow", "Sagittal")):
        node = a_result.scene.AddNewNodeByClass("vtkMRMLSliceNode", name)
        node.SetOrientation(orientation)
        slice_nodes.append(node)
    mrml.jump_to(a_result.node, (12.0, -34.0, 56.0))
    for node in slice_nodes:
        plane = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())
        assert plane[:3, 2] @ ((12.0, -34.0, 56.0) - plane[:3, 3]) == pytest.approx(0, abs=1e-6)
    assert slice_nodes[0].GetSliceOffset() == 56


def test_a_lesion_is_drawn_where_it_truly_lies(a_result):
    require_graphics()
    view = SliceView(SceneViews(a_result.scene), a_result.volume_node)
    mrml.set_window(a_result.volume_node, "brain")
    mrml.set_opacity(a_result.node, opacity_2d=1.0)
    mrml.jump_to(a_result.node, a_result.iph_ras)
    picture = view.picture()
    red, blue = ([int(value) for value in picture[view.pixel_of(at)]] for at in (a_result.iph_ras, a_result.sdh_ras))
    assert np.allclose(red, (0xFF, 0x4D, 0x5E), atol=3)
    assert np.allclose(blue, (0x4F, 0xB3, 0xFF), atol=3)
    x, y, z = a_result.iph_ras
    beside = picture[view.pixel_of((x, y + 30, z))]
    assert beside.max() - beside.min() == 0  # grey brain
    assert 60 < beside[0] < 130


@pytest.mark.parametrize(("name", "level", "width"), [("brain", 40, 80), ("subdural", 75, 215), ("bone", 500, 2500)])
def test_windows(a_result, name, level, width):
    a_result.volume_node.CreateDefaultDisplayNodes()
    mrml.set_window(a_result.volume_node, name)
    display = a_result.volume_node.GetDisplayNode()
    assert (display.GetLevel(), display.GetWindow()) == (level, width)
    assert not display.GetAutoWindowLevel()


def test_crosshair(a_result):
    assert mrml.crosshair_ras(a_result.node) is None
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairRAS(1, 2, 3)
    a_result.scene.AddNode(crosshair)
    assert mrml.crosshair_ras(a_result.node) == (1, 2, 3)


def test_surfaces_are_made_on_demand_closed_and_of_the_right_size(a_result):
    segmentation = a_result.node.GetSegmentation()
    assert not segmentation.ContainsRepresentation(SURFACE)
    mrml.show_3d(a_result.node, True)
    assert a_result.node.GetDisplayNode().GetVisibility3D()
    for identifier in ("IPH", "SDH"):
        polygons = segmentation.GetSegment(identifier).GetRepresentation(SURFACE)
        assert polygons.GetNumberOfPolys() > 100
        edges = vtk.vtkFeatureEdges()
        edges.SetInputData(polygons)
        edges.FeatureEdgesOff()
        edges.ManifoldEdgesOff()
        edges.Update()
        assert edges.GetOutput().GetNumberOfCells() == 0
        size = vtk.vtkMassProperties()
        size.SetInputData(polygons)
        voxels = int((a_result.label_map.labels == {"IPH": 4, "SDH": 2}[identifier]).sum())
        # Slicer keeps surfaces in the segmentation's own, even space; the transform bends them when they are drawn.
        matrix = vtk.vtkMatrix4x4()
        a_result.volume_node.GetIJKToRASMatrix(matrix)
        assert size.GetVolume() == pytest.approx(voxels * abs(matrix.Determinant()), rel=0.2)
    mrml.show_3d(a_result.node, False)
    assert not a_result.node.GetDisplayNode().GetVisibility3D()


def test_opacity(a_result):
    mrml.set_opacity(a_result.node, opacity_3d=0.4, opacity_2d=0.6)
    display = a_result.node.GetDisplayNode()
    assert (display.GetOpacity3D(), display.GetOpacity2DFill()) == (0.4, 0.6)


def bone_opacity(display, hu: float) -> float:
    return display.GetVolumePropertyNode().GetVolumeProperty().GetScalarOpacity().GetValue(hu)


def test_skull_under_a_warp_is_a_hidden_copy_that_goes_again(a_result, a_volume_rendering_module):
    scene, volume_node = a_result.scene, a_result.volume_node
    before = {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}
    original = slicer.util.arrayFromVolume(volume_node).copy()
    mrml.show_skull(volume_node, True, opacity=0.25)
    assert mrml.skull_is_shown(volume_node)
    assert a_volume_rendering_module.GetFirstVolumeRenderingDisplayNode(volume_node) is None
    display = scene.GetFirstNodeByClass("vtkMRMLVolumeRenderingDisplayNode")
    copy = display.GetVolumeNode()
    assert copy is not volume_node
    assert copy.GetHideFromEditors()
    assert not copy.GetSaveWithScene()
    assert copy.GetParentTransformNode() is None
    # The hardened copy covers the head where it truly lies.
    corners, expected = np.zeros(6), np.zeros(6)
    copy.GetRASBounds(corners)
    volume_node.GetRASBounds(expected)
    assert np.allclose(corners, expected, atol=15)
    assert bone_opacity(display, 60) == 0
    assert bone_opacity(display, 1500) == 0.25
    assert np.array_equal(slicer.util.arrayFromVolume(volume_node), original)
    mrml.show_skull(volume_node, False)
    after = {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}
    assert not mrml.skull_is_shown(volume_node)
    assert after == before


def test_skull_without_a_warp_renders_the_volume_itself(a_volume_rendering_module):
    result = publish_head(acquisition=False)
    a_volume_rendering_module.SetMRMLScene(result.scene)
    nodes = result.scene.GetNumberOfNodes()
    mrml.show_skull(result.volume_node, True)
    display = a_volume_rendering_module.GetFirstVolumeRenderingDisplayNode(result.volume_node)
    assert display.GetVisibility()
    mrml.show_skull(result.volume_node, True, opacity=0.5)
    assert bone_opacity(display, 2000) == 0.5
    mrml.show_skull(result.volume_node, False)
    assert result.scene.GetNumberOfNodes() == nodes


@pytest.mark.usefixtures("a_volume_rendering_module")
def test_skull_of_a_saved_scene_is_made_anew(a_result, tmp_path):
    mrml.show_skull(a_result.volume_node, True)
    opened = save_and_reopen(a_result.scene, tmp_path)
    volume_node = mrml.source_volume(opened.GetFirstNodeByClass("vtkMRMLSegmentationNode"))
    assert opened.GetFirstNodeByClass("vtkMRMLVolumeRenderingDisplayNode") is None
    assert not mrml.skull_is_shown(volume_node)


@pytest.mark.usefixtures("a_volume_rendering_module")
def test_skull_follows_a_transform_that_is_set_aside_and_put_back(a_result):
    volume_node = a_result.volume_node
    mrml.show_skull(volume_node, True)
    for change in (mrml.detach_acquisition_transform, mrml.reattach_acquisition_transform):
        change(a_result.node)
        assert not mrml.skull_is_shown(volume_node)
        mrml.show_skull(volume_node, True)
        displays = a_result.scene.GetNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
        displays.UnRegister(None)
        assert displays.GetNumberOfItems() == 1
        rendered = displays.GetItemAsObject(0).GetVolumeNode()
        assert (rendered is volume_node) == mrml.acquisition_transform_is_detached(a_result.node)


@pytest.mark.usefixtures("a_volume_rendering_module")
def test_a_failure_on_the_way_to_the_skull_leaves_nothing(a_result, monkeypatch):
    from ICHSegmentationLib.mrml.views import skull

    def fail(*_, **__):
        raise MemoryError

    nodes = a_result.scene.GetNumberOfNodes()
    monkeypatch.setattr(skull, "_make_translucent", fail)
    with pytest.raises(MemoryError):
        mrml.show_skull(a_result.volume_node, True)
    assert a_result.scene.GetNumberOfNodes() == nodes


def test_slicer_without_volume_rendering(a_result, monkeypatch):
    monkeypatch.setattr(slicer, "modules", types.SimpleNamespace(), raising=False)
    with raises(ICHSegmentationError, "mrml.no_volume_rendering"):
        mrml.show_skull(a_result.volume_node, True)


def test_views_of_a_closed_scene(a_result):
    a_result.scene.Clear(0)
    for call in (
        lambda: mrml.jump_to(a_result.node, (0, 0, 0)),
        lambda: mrml.set_window(a_result.volume_node, "brain"),
        lambda: mrml.show_3d(a_result.node, True),
        lambda: mrml.show_skull(a_result.volume_node, False),
        lambda: mrml.crosshair_ras(None),
        lambda: mrml.edits_are_displaced(a_result.node),
    ):
        with pytest.raises(NodeRemovedError):
            call()
