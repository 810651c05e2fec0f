# SPDX-License-Identifier: Apache-2.0
"""What is no head CT in HU is refused with the reason, before anything is run."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.scene import add_volume, new_scene, place_in_study, tilted_grid
from builders.simple_head import head_hu

from ICHSegmentationLib import mrml
from ICHSegmentationLib.core.messages import message

LATTICE = np.diag([-2.5, -2.7, 5.0, 1.0])


@pytest.fixture
def a_scene():
    """An empty scene."""
    return new_scene()


@pytest.fixture
def a_head_volume(a_scene):
    """A head CT in a study, with the modality CT."""
    node = add_volume(a_scene, head_hu(tilted_grid()), LATTICE)
    place_in_study(node)
    return node


def refusal(node):
    check = mrml.check_volume(node)
    assert not check.ok
    assert check.geometry_line == ""
    assert check.reason.parameters.get("name", node.GetName()) == node.GetName()
    return check.reason


def test_a_head_ct_is_accepted(a_head_volume):
    check = mrml.check_volume(a_head_volume)
    assert check.ok
    assert check.reason is None
    assert check.geometry_line == "20 slices, no tilt, step 5.00 mm, no gaps, positions from volume matrix"
    assert check.warnings == ()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.full((4, 8, 8), 7, np.uint8), message("mrml.eight_bit", name="CT head")),
        (np.full((4, 8, 8), -1000, np.int16), message("mrml.one_value", name="CT head", value=-1000)),
        (
            np.arange(256, dtype=np.int16).reshape(4, 8, 8),
            message("mrml.gray_values", name="CT head", low=0, high=255),
        ),
        (np.arange(256, dtype=np.int16).reshape(4, 8, 8) * 9, message("mrml.not_hu", name="CT head", low=0, high=2295)),
        (
            np.arange(128, dtype=np.int16).reshape(2, 8, 8) * 9 - 1000,
            message("mrml.too_few_slices", slices=2, minimum=3),
        ),
    ],
    ids=["8 bits", "one value", "greys", "MR", "two slices"],
)
def test_values_that_are_not_hu_are_refused(a_scene, values, reason):
    assert refusal(add_volume(a_scene, values, LATTICE)) == reason


def test_another_modality_is_refused(a_head_volume):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(a_head_volume.GetScene())
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    hierarchy.SetItemAttribute(hierarchy.GetItemByDataNode(a_head_volume), name, "MR")
    reason = refusal(a_head_volume)
    assert (reason.code, reason.parameters["modality"]) == ("mrml.other_modality", "MR")


def test_other_units_are_refused(a_head_volume):
    units = slicer.vtkCodedEntry()
    units.SetValueSchemeMeaning("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight")
    a_head_volume.SetVoxelValueUnits(units)
    assert refusal(a_head_volume).code == "mrml.other_units"
    units.SetValueSchemeMeaning("[hnsf'U]", "UCUM", "Hounsfield unit")
    a_head_volume.SetVoxelValueUnits(units)
    assert mrml.check_volume(a_head_volume).ok


def test_ct_without_air_is_accepted_with_a_warning(a_head_volume):
    hu = np.clip(head_hu(tilted_grid()), 0, None)
    slicer.util.updateVolumeFromArray(a_head_volume, hu)
    check = mrml.check_volume(a_head_volume)
    assert check.ok
    assert (check.warnings[-1].code, check.warnings[-1].parameters) == ("mrml.no_air", {"low": 0})


@pytest.mark.parametrize(
    ("class_name", "code"),
    [
        ("vtkMRMLLabelMapVolumeNode", "mrml.label_map"),
        ("vtkMRMLVectorVolumeNode", "mrml.empty_volume"),
        ("vtkMRMLScalarVolumeNode", "mrml.empty_volume"),
        ("vtkMRMLModelNode", "mrml.not_scalar"),
    ],
)
def test_other_nodes_are_refused(a_scene, class_name, code):
    assert refusal(a_scene.AddNewNodeByClass(class_name, "Node")).code == code


def test_colors_and_time_series_are_refused(a_scene):
    node = add_volume(a_scene, np.zeros((4, 8, 8), np.int16), LATTICE)
    node.GetImageData().AllocateScalars(node.GetImageData().GetScalarType(), 3)
    assert refusal(node).code == "mrml.not_one_image"


def test_axes_that_do_not_span_space_are_refused(a_scene):
    flat = np.array([[1.0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
    node = add_volume(a_scene, head_hu(tilted_grid()), np.eye(4))
    node.SetIJKToRASDirections(*flat[:3, :3].ravel())
    assert refusal(node).code == "mrml.dependent_axes"


def test_gaps_and_many_steps_are_named():
    from builders.grids import make_grid

    from ICHSegmentationLib.core.scan.source import CTSource
    from ICHSegmentationLib.mrml.volume.check import describe_geometry
    from ICHSegmentationLib.mrml.volume.geometry import VolumeGeometry

    grid = make_grid(steps_mm=(3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 20))
    geometry = VolumeGeometry(grid, CTSource(), "DICOM files", False, (), ())
    assert describe_geometry(geometry) == (
        "12 slices, no tilt, steps 3.00 to 7.00 mm, 1 gap(s), positions from DICOM files"
    )
