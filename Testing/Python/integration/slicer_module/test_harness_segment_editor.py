# SPDX-License-Identifier: Apache-2.0
"""The editor's shell drives Slicer's own editor logic: masks, overwriting, undo and redo."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from slicer_harness.editing import paint


@pytest.fixture
def a_volume(slicer_app):  # noqa: ARG001
    """20 x 30 x 40 voxels of 1 x 2 x 3 mm, the lower half 50, the upper half 100."""
    values = np.full((40, 30, 20), 50, np.int16)
    values[20:] = 100
    return slicer.util.addVolumeFromArray(values, ijkToRAS=np.diag([1.0, 2.0, 3.0, 1.0]), name="CT")


@pytest.fixture
def an_editor(a_volume):
    """An editor with two empty segments, the first of them current."""
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(a_volume)
    for name in ("first", "second"):
        segmentation.GetSegmentation().AddEmptySegment(name, name)
    editor = slicer.qMRMLSegmentEditorWidget()
    editor.setMRMLScene(slicer.mrmlScene)
    editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    editor.setSegmentationNode(segmentation)
    editor.setSourceVolumeNode(a_volume)
    yield editor
    editor.setMRMLScene(None)
    editor.deleteLater()


def _voxels(editor, segment):
    array = slicer.util.arrayFromSegmentBinaryLabelmap(editor.segmentationNode(), segment, editor.sourceVolumeNode())
    return int(np.count_nonzero(array))


def test_a_segmentation_brings_its_first_segment(an_editor):
    assert an_editor.currentSegmentID() == "first"


def test_a_stroke_fills_the_ball_and_undo_takes_it_back(an_editor):
    count = paint(an_editor, (10, 30, 60), 6)
    assert _voxels(an_editor, "first") == count == 143
    an_editor.undo()
    assert _voxels(an_editor, "first") == 0
    an_editor.redo()
    assert _voxels(an_editor, "first") == 143


def test_ten_strokes_can_be_undone(an_editor):
    an_editor.maximumNumberOfUndoStates = 12
    for index in range(11):
        paint(an_editor, (10, 30, 30 + 3 * index), 1)
    for _ in range(10):
        an_editor.undo()
    assert _voxels(an_editor, "first") == 3  # the first stroke: 1 mm to each side


def test_painting_over_another_segment_takes_its_voxels(an_editor):
    paint(an_editor, (10, 30, 60), 6)
    an_editor.setCurrentSegmentID("second")
    paint(an_editor, (10, 30, 60), 6)
    assert _voxels(an_editor, "first") == 0
    assert _voxels(an_editor, "second") == 143


def test_the_intensity_mask_keeps_the_brush_within_its_range(an_editor):
    node = an_editor.mrmlSegmentEditorNode()
    node.SetSourceVolumeIntensityMask(True)
    node.SetSourceVolumeIntensityMaskRange(40, 90)
    paint(an_editor, (10, 30, 60), 6)
    below = 44  # voxels of the ball in the slices below 20
    assert _voxels(an_editor, "first") == below


def test_an_effect_keeps_its_parameters_in_the_scene(an_editor):
    an_editor.setActiveEffectByName("Paint")
    an_editor.activeEffect().setParameter("BrushSphere", 1)
    assert an_editor.mrmlSegmentEditorNode().GetAttribute("Paint.BrushSphere") == "1"
    an_editor.setActiveEffectByName("No such effect")
    assert an_editor.activeEffect() is None


def test_a_volume_before_the_segmentation_is_refused(a_volume):
    editor = slicer.qMRMLSegmentEditorWidget()
    editor.setMRMLScene(slicer.mrmlScene)
    with pytest.raises(RuntimeError, match="editor node and a segmentation"):
        editor.setSourceVolumeNode(a_volume)
    editor.setMRMLScene(None)


def test_the_effects_order_takes_known_effects_only(an_editor):
    with pytest.raises(ValueError, match="Airbrush"):
        an_editor.setEffectNameOrder(["Paint", "Airbrush"])
