# SPDX-License-Identifier: Apache-2.0
"""slicer.util as it ships reads, writes, shows and closes the harness's scene."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
import vtk
from slicer_harness.qt_facade.connections import connections_of

OBLIQUE = np.array([[0.5, 0.1, 0.0, -10.0], [-0.1, 0.5, 0.3, 20.0], [0.0, 0.0, 4.0, -30.0], [0.0, 0.0, 0.0, 1.0]])


@pytest.fixture
def a_volume(slicer_app):  # noqa: ARG001
    """A gradient of 8 x 16 x 32 voxels on an oblique grid."""
    values = np.arange(8 * 16 * 32, dtype=np.int16).reshape(8, 16, 32)
    return slicer.util.addVolumeFromArray(values, ijkToRAS=OBLIQUE, name="CT")


@pytest.fixture
def a_segmentation(a_volume):
    """One segment of 100 voxels over the volume."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "result")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(a_volume)
    node.GetSegmentation().AddEmptySegment("IPH", "Hemorrhage")
    labels = np.zeros((8, 16, 32), np.uint8)
    labels[2:6, 3:8, 10:15] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(labels, node, "IPH", a_volume)
    return node


def test_a_scene_file_brings_volume_segments_and_hierarchy_back(a_volume, a_segmentation, tmp_path):  # noqa: ARG001
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear()
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    volume = slicer.util.getNode("CT")
    assert np.array_equal(slicer.util.arrayFromVolume(volume), np.arange(4096).reshape(8, 16, 32))
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    assert np.allclose(slicer.util.arrayFromVTKMatrix(matrix), OBLIQUE, atol=1e-9)
    segments = slicer.util.arrayFromSegmentBinaryLabelmap(slicer.util.getNode("result"), "IPH", volume)
    assert np.count_nonzero(segments) == 100
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetItemByDataNode(volume) > 0


def test_a_volume_file_becomes_a_node_and_is_shown(a_volume, tmp_path):
    assert slicer.util.saveNode(a_volume, str(tmp_path / "ct.nrrd"))
    slicer.mrmlScene.Clear()
    node = slicer.util.loadVolume(str(tmp_path / "ct.nrrd"))
    assert slicer.util.arrayFromVolume(node)[7, 15, 31] == 4095
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert red.GetBackgroundVolumeID() == node.GetID()


def test_a_missing_file_is_refused_by_slicers_own_sentence(slicer_app):  # noqa: ARG001
    with pytest.raises(RuntimeError, match="Failed to load node from file"):
        slicer.util.loadVolume("/no/such/file.nrrd")


def test_every_data_node_has_an_item_and_loses_it_with_the_node(a_volume):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(a_volume)
    assert hierarchy.GetItemName(item) == "CT"
    slicer.mrmlScene.RemoveNode(a_volume)
    assert not hierarchy.GetItemDataNode(item)


def test_closing_the_scene_tells_its_start_and_its_end(a_volume):
    events = []
    kinds = slicer.vtkMRMLScene
    tags = [
        slicer.mrmlScene.AddObserver(kinds.StartCloseEvent, lambda *_: events.append("start")),
        slicer.mrmlScene.AddObserver(kinds.EndCloseEvent, lambda *_: events.append("end")),
    ]
    slicer.mrmlScene.Clear()
    for tag in tags:
        slicer.mrmlScene.RemoveObserver(tag)
    assert events == ["start", "end"]
    assert a_volume.GetScene() is None


def test_a_parameter_node_outlives_the_closed_scene_as_in_slicer(load_module, a_module):
    logic = load_module(a_module).logic
    node = logic.getParameterNode()
    slicer.mrmlScene.Clear()
    assert logic.getParameterNode() is node
    assert node.GetAttribute("ModuleName") == "Counting"


def test_a_slice_view_draws_the_volume(a_volume):
    slicer.util.setSliceViewerLayers(background=a_volume, fit=True)
    a_volume.GetDisplayNode().SetAutoWindowLevel(False)
    a_volume.GetDisplayNode().SetWindowLevel(1, 0)  # everything above 0 is white
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    view.forceRender()
    assert view.grab().toImage().pixelColor(view.rect.center()).lightness() == 255


def test_a_slice_is_drawn_as_a_radiologist_sees_it_and_a_segment_lies_on_its_voxels(slicer_app):
    # 4 mm x 4 mm voxels; one bright block at the patient's left and front, which is the picture's upper right.
    values = np.zeros((10, 50, 50), np.int16)
    values[4:7, 35:45, 5:15] = 100  # rows grow to the front, columns to the right
    volume = slicer.util.addVolumeFromArray(values, ijkToRAS=np.diag([4.0, 4.0, 4.0, 1.0]), name="CT")
    volume.GetDisplayNode().SetAutoWindowLevel(False)
    volume.GetDisplayNode().SetWindowLevel(2, 50)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    widget = slicer.app.layoutManager().sliceWidget("Red")
    view = widget.sliceView()
    slicer.util.mainWindow().show()
    slicer_app.process_events()
    view.forceRender()
    widget.sliceLogic().FitSliceToBackground()
    widget.mrmlSliceNode().JumpSliceByOffsetting(40, 160, 20)
    view.forceRender()

    def color_at(ras):
        x, y, _ = view.convertRASToXYZ(ras)
        return view.grab().toImage().pixelColor(round(x), round(view.height - 1 - y))

    assert color_at([40, 160, 20]).lightness() == 255
    assert color_at([40, 40, 20]).lightness() == 0
    x, y, _ = view.convertRASToXYZ([40, 160, 20])
    assert x > view.width / 2
    assert y > view.height / 2
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.GetSegmentation().AddEmptySegment("EDH", "EDH", (1, 0, 0))
    slicer.util.updateSegmentBinaryLabelmapFromArray((values > 0).astype(np.uint8), node, "EDH", volume)
    view.forceRender()
    assert color_at([40, 160, 20]).getHsv()[:2] != (-1, 0)
    assert color_at([40, 40, 20]).lightness() == 0


def test_the_3d_view_draws_a_segment(a_segmentation):
    view = slicer.app.layoutManager().threeDWidget(0).threeDView()
    view.mrmlViewNode().SetBoxVisible(False)
    view.mrmlViewNode().SetAxisLabelsVisible(False)
    view.forceRender()
    before = view.grab().toImage().pixelColor(view.rect.center())
    a_segmentation.CreateClosedSurfaceRepresentation()
    slicer.app.layoutManager().resetThreeDViews()
    view.forceRender()
    assert view.grab().toImage().pixelColor(view.rect.center()) != before


def test_slice_views_are_named_and_start_in_their_orientations(slicer_app):  # noqa: ARG001
    manager = slicer.app.layoutManager()
    assert manager.sliceViewNames() == ["Red", "Green", "Yellow"]
    found = [manager.sliceWidget(name).sliceOrientation for name in manager.sliceViewNames()]
    assert found == ["Axial", "Coronal", "Sagittal"]
    assert manager.sliceWidget("Purple") is None


def test_each_test_has_settings_and_temporary_files_of_its_own(slicer_app):
    import qt

    assert not qt.QSettings().contains("key")
    qt.QSettings().setValue("key", "value")
    assert slicer.app.userSettings().value("key") == "value"
    assert qt.QSettings().fileName().startswith(str(slicer_app.folder))
    assert slicer.util.tempDirectory().startswith(slicer.app.temporaryPath)


def test_the_dicom_database_knows_the_files_it_was_given(slicer_app):  # noqa: ARG001
    assert slicer.dicomDatabase.fileForInstance("1.2.3") == ""


def test_nothing_listens_to_a_fresh_application(slicer_app):  # noqa: ARG001
    assert connections_of(slicer.app) == []
