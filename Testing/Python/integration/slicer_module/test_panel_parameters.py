# SPDX-License-Identifier: Apache-2.0
"""What the user chose is in the scene."""

from __future__ import annotations

import sys

import pytest
import slicer
from builders.panel import MODULE_FOLDER


@pytest.fixture
def some_parameters(slicer_app):  # noqa: ARG001 (Slicer has to be there)
    if str(MODULE_FOLDER) not in sys.path:
        sys.path.append(str(MODULE_FOLDER))
    from ICHSegmentationPanel.parameters import Parameters

    return Parameters(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))


@pytest.mark.parametrize(
    ("name", "default", "chosen"),
    [
        ("model", "default", "transhardnet-compact"),
        ("device", "auto", "cuda:1"),
        ("show_3d", False, True),
        ("show_skull", False, True),
        ("opacity", 1.0, 0.35),
    ],
)
def test_a_choice_is_kept(some_parameters, name, default, chosen):
    assert getattr(some_parameters, name) == default
    setattr(some_parameters, name, chosen)
    assert getattr(type(some_parameters)(some_parameters.node), name) == chosen


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("volume", "vtkMRMLScalarVolumeNode"),
        ("segmentation", "vtkMRMLSegmentationNode"),
        ("compared", "vtkMRMLSegmentationNode"),
    ],
)
def test_a_node_is_kept_until_it_goes(some_parameters, name, kind):
    node = slicer.mrmlScene.AddNewNodeByClass(kind)
    setattr(some_parameters, name, node)
    assert getattr(some_parameters, name) is node
    slicer.mrmlScene.RemoveNode(node)
    assert getattr(some_parameters, name) is None


def test_choices_come_back_with_a_saved_scene(some_parameters):
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Head")
    some_parameters.volume = volume
    some_parameters.opacity = 0.5
    some_parameters.show_3d = True
    scene = slicer.vtkMRMLScene()
    slicer.mrmlScene.SetSaveToXMLString(1)
    slicer.mrmlScene.Commit()
    scene.SetLoadFromXMLString(1)
    scene.SetSceneXMLString(slicer.mrmlScene.GetSceneXMLString())
    scene.Import()
    node = scene.GetFirstNodeByClass("vtkMRMLScriptedModuleNode")
    reopened = type(some_parameters)(node)
    assert (reopened.volume.GetName(), reopened.opacity, reopened.show_3d) == ("Head", 0.5, True)
