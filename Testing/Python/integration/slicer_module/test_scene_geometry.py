# SPDX-License-Identifier: Apache-2.0
"""A volume node is read with the true places of its slices, whatever Slicer made of them."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.dicom import write_series
from builders.errors import raises
from builders.grids import coded_hu, make_grid
from builders.label_maps import head_grid
from builders.scene import (
    DicomDatabase,
    add_acquisition_transform,
    add_transform,
    add_volume,
    load_dicom,
    new_scene,
    tilted_grid,
)
from builders.simple_head import head_hu

from ICHSegmentationLib import mrml, read_ct
from ICHSegmentationLib.core.errors import InputError, NodeRemovedError
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.mrml.volume import check as volume_check


@pytest.fixture
def a_scene():
    """An empty scene."""
    return new_scene()


@pytest.fixture
def a_database(monkeypatch):
    """Slicer's DICOM database, empty."""
    database = DicomDatabase({})
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    return database


@pytest.fixture
def a_ge_volume(shared_data, a_scene, a_database):
    """The tilted, two-step GE series as Slicer's reader loads it, with its files in the database."""
    files = sorted((shared_data / "ge-head-ct").glob("*.dcm"))
    node, database = load_dicom(a_scene, files)
    a_database.files.update(database.files)
    return node, read_ct(files)


def test_ge_scan_lies_where_its_dicom_files_say(a_ge_volume):
    node, expected = a_ge_volume
    volume = mrml.volume_input(node)
    assert volume.grid.matches(expected.grid, tolerance_mm=1e-6)
    assert np.array_equal(volume.hu, expected.hu)
    assert volume.source.kind == "dicom"
    assert volume.source.files == expected.source.files
    line = mrml.check_volume(node).geometry_line
    assert line == "28 slices, tilt 18.5 deg, steps 4.22 and 7.38 mm, no gaps, positions from DICOM files"


def test_ge_scan_lies_there_too_by_the_acquisition_transform_alone(a_ge_volume, a_database):
    node, expected = a_ge_volume
    add_acquisition_transform(node, expected.grid)
    a_database.files.clear()
    volume = mrml.volume_input(node)
    assert volume.grid.matches(expected.grid, tolerance_mm=1e-3)
    assert volume.source.kind == "array"
    line = mrml.check_volume(node).geometry_line
    assert "steps 4.22 and 7.38 mm" in line
    assert line.endswith("under Slicer's acquisition transform, positions from acquisition transform")


def test_without_files_and_transform_even_steps_are_assumed_with_a_warning(a_ge_volume, a_database):
    node, _ = a_ge_volume
    a_database.files.clear()
    check = mrml.check_volume(node)
    assert "step 5.63 mm" in check.geometry_line
    assert check.warnings[0].code == "mrml.no_dicom_files"


def small_series(scene, folder, a_database, *, reverse_k=False):
    """Write a tilted series with a gap, and load it as a user's reader might: with k along or against the normal."""
    grid = make_grid(steps_mm=(5, 5, 5, 15, 5, 5), tilt_deg=12)
    hu = coded_hu(grid.shape)
    files = write_series(folder, hu, grid)
    node, database = load_dicom(scene, files)
    a_database.files.update(database.files)
    if reverse_k:
        ijk_to_ras = grid.nearest_affine_ras
        ijk_to_ras[:3, 3] += 6 * ijk_to_ras[:3, 2]
        ijk_to_ras[:3, 2] *= -1
        uids = node.GetAttribute("DICOM.instanceUIDs")
        node = add_volume(scene, hu[::-1], ijk_to_ras, "reversed")
        node.SetAttribute("DICOM.instanceUIDs", uids)
    return node, grid, hu


@pytest.mark.parametrize("reverse_k", [False, True])
def test_files_are_matched_to_the_slices_in_either_order(a_scene, tmp_path, a_database, reverse_k):
    node, grid, hu = small_series(a_scene, tmp_path, a_database, reverse_k=reverse_k)
    volume = mrml.volume_input(node)
    order = slice(None, None, -1) if reverse_k else slice(None)
    assert volume.source.kind == "dicom"
    assert np.allclose(volume.grid.positions_mm, grid.positions_mm[order], atol=1e-6)
    assert np.array_equal(volume.hu, hu[order])
    assert "1 gap(s)" in mrml.check_volume(node).geometry_line


def test_dicom_positions_hold_in_the_patient_whatever_linear_transform_is_above(a_scene, tmp_path, a_database):
    node, grid, _ = small_series(a_scene, tmp_path, a_database)
    node.SetAndObserveTransformNodeID(add_transform(node.GetScene(), np.diag([1.2, 1.2, 1.2, 1.0])).GetID())
    assert mrml.volume_input(node).grid.matches(grid, tolerance_mm=1e-6)


@pytest.mark.parametrize("change", ["edited", "cropped"])
def test_positions_of_the_files_are_not_taken_for_other_voxels(a_scene, tmp_path, a_database, change):
    node, _, hu = small_series(a_scene, tmp_path, a_database)
    uids = node.GetAttribute("DICOM.instanceUIDs")
    other = hu[1:] if change == "cropped" else hu[:, ::-1]
    copy = add_volume(node.GetScene(), other, np.diag([1, 1, 5, 1]), "copy")
    copy.SetAttribute("DICOM.instanceUIDs", uids)
    check = mrml.check_volume(copy)
    assert check.geometry.origin == "volume matrix"
    assert check.warnings[0].code == "mrml.not_the_dicom_pixels"


def test_files_that_cannot_be_read_count_as_not_at_hand(a_scene, tmp_path, a_database):
    node, _, _ = small_series(a_scene, tmp_path, a_database)
    (tmp_path / "002.dcm").write_bytes(b"no DICOM")
    check = mrml.check_volume(node)
    assert check.ok
    assert check.geometry.origin == "volume matrix"


@pytest.fixture
def a_volume_of_two_phases(a_scene, tmp_path, a_database):
    """Two contrast phases half a step apart, which Slicer loaded as one volume."""
    files = []
    for phase in (1, 2):
        grid = make_grid(steps_mm=[5] * 6, origin_mm=(-60, -70, 20 + 2.5 * phase))

        def number(dataset, _index, phase=phase):
            dataset.AcquisitionNumber = phase

        files += write_series(tmp_path, coded_hu(grid.shape), grid, edit=number, names=f"{phase}{{}}.dcm".format)
    node, database = load_dicom(a_scene, files, "Two phases")
    a_database.files.update(database.files)
    return node


def test_a_volume_that_mixes_two_acquisitions_is_refused(a_volume_of_two_phases):
    with raises(InputError, "mrml.several_scans", name="Two phases", count=2):
        mrml.volume_input(a_volume_of_two_phases)
    assert mrml.check_volume(a_volume_of_two_phases).reason.code == "mrml.several_scans"


@pytest.mark.usefixtures("a_volume_of_two_phases")
def test_one_acquisition_of_a_series_is_read(a_scene, tmp_path, a_database):
    node, database = load_dicom(a_scene, sorted(tmp_path.glob("2*.dcm")))
    a_database.files.update(database.files)
    volume = mrml.volume_input(node)
    assert volume.source.kind == "dicom"
    assert volume.grid.matches(make_grid(steps_mm=[5] * 6, origin_mm=(-60, -70, 25)), tolerance_mm=1e-6)


def test_a_volume_of_slices_of_which_one_does_not_state_its_hu_is_refused(a_scene, tmp_path, a_database):
    def edit(dataset, index):
        if index == 3:
            del dataset.RescaleIntercept

    grid = make_grid(steps_mm=[5] * 6)
    node, database = load_dicom(a_scene, write_series(tmp_path, coded_hu(grid.shape), grid, edit=edit))
    a_database.files.update(database.files)
    assert mrml.check_volume(node).reason.code == "io.some_slices_lack"


def test_sheared_matrix_is_a_tilted_stack(a_scene):
    grid = head_grid([18.0] * 9, tilt_deg=20, rows=30, columns=28, spacing_mm=(7.0, 7.5))
    node = add_volume(a_scene, head_hu(grid), grid.affine_ras)
    volume = mrml.volume_input(node)
    assert volume.grid.matches(grid, tolerance_mm=1e-6)
    assert np.array_equal(volume.hu, head_hu(grid))
    line = mrml.check_volume(node).geometry_line
    assert line == "10 slices, tilt 20.0 deg, step 18.00 mm, no gaps, positions from volume matrix"


def test_linear_transforms_above_the_volume_count(a_scene):
    grid = head_grid([18.0] * 9, rows=30, columns=28, spacing_mm=(7.0, 7.5))
    node = add_volume(a_scene, head_hu(grid), grid.affine_ras)
    turn = np.array([[0, -1, 0, 10], [1, 0, 0, -20], [0, 0, 1, 30], [0, 0, 0, 1]])
    node.SetAndObserveTransformNodeID(add_transform(a_scene, turn).GetID())
    moved = SliceGrid.from_affine(turn @ grid.affine_ras, grid.shape)
    volume = mrml.volume_input(node)
    # Turned by 90 deg, the volume's rows run along what are now the world's columns.
    assert volume.source.storage_axes == (2, 0, 1)
    corners = np.array([(s, r, c) for s in (0, 9) for r in (0, 29) for c in (0, 27)])
    assert np.allclose(volume.grid.points_mm(corners[:, [0, 2, 1]]), moved.points_mm(corners), atol=1e-6)


def test_sagittal_storage_is_read_as_axial_slices(a_scene):
    grid = head_grid([18.0] * 9, rows=30, columns=28, spacing_mm=(7.0, 7.5))
    hu = head_hu(grid)
    affine = grid.affine_ras[:, [2, 0, 1, 3]]  # stored (slice, column, row)
    node = add_volume(a_scene, np.transpose(hu, (1, 2, 0)), affine)
    volume = mrml.volume_input(node)
    assert volume.grid.matches(grid, tolerance_mm=1e-6)
    assert np.array_equal(volume.hu, hu)


def test_acquisition_transform_under_a_linear_one(a_scene):
    grid = tilted_grid()
    node = add_volume(a_scene, head_hu(grid), grid.nearest_affine_ras)
    acquisition = add_acquisition_transform(node, grid)
    shift = np.eye(4)
    shift[:3, 3] = (11, -7, 5)  # RAS
    acquisition.SetAndObserveTransformNodeID(add_transform(a_scene, shift).GetID())
    found = mrml.volume_input(node).grid
    assert np.allclose(found.positions_mm, grid.positions_mm + np.array([-11, 7, 5]), atol=1e-3)
    assert np.allclose(found.extents_mm, grid.extents_mm, atol=1e-3)


def a_warp(scene, dimensions, displacements):
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    image = vtk.vtkImageData()
    image.SetDimensions(*dimensions)
    image.SetOrigin(-100, -100, -60)
    image.SetSpacing(*(200 / max(size - 1, 1) for size in dimensions))
    image.GetPointData().SetScalars(numpy_to_vtk(displacements.astype(float), deep=True))
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(image)
    node = scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "CT head acquisition transform")
    node.SetAndObserveTransformToParent(transform)
    return node


@pytest.mark.parametrize("dimensions", [(4, 4, 20), (2, 2, 20)], ids=["another grid", "slices turned"])
def test_any_other_warp_is_refused_in_one_sentence(a_scene, dimensions):
    grid = tilted_grid()
    node = add_volume(a_scene, head_hu(grid), grid.nearest_affine_ras)
    bend = np.random.default_rng(0).normal(size=(int(np.prod(dimensions)), 3)) * 5
    node.SetAndObserveTransformNodeID(a_warp(a_scene, dimensions, bend).GetID())
    check = mrml.check_volume(node)
    assert not check.ok
    assert (check.reason.code, check.reason.parameters) == ("mrml.nonlinear_transform", {"name": "CT head"})
    with raises(InputError, "mrml.nonlinear_transform"):
        mrml.volume_input(node)


def test_linear_transform_below_a_warp_is_refused_too(a_scene):
    grid = tilted_grid()
    node = add_volume(a_scene, head_hu(grid), grid.nearest_affine_ras)
    linear = add_transform(a_scene, np.eye(4))
    node.SetAndObserveTransformNodeID(linear.GetID())
    linear.SetAndObserveTransformNodeID(a_warp(a_scene, (2, 2, 20), np.zeros((80, 3))).GetID())
    assert mrml.check_volume(node).reason.code == "mrml.nonlinear_transform"


def test_a_check_is_used_again_until_something_moves(a_scene, monkeypatch):
    grid = tilted_grid()
    node = add_volume(a_scene, head_hu(grid), grid.nearest_affine_ras)
    acquisition = add_acquisition_transform(node, grid)
    check = mrml.check_volume(node)
    read = []
    monkeypatch.setattr(volume_check, "read_geometry", lambda volume: read.append(volume) or check.geometry)
    assert mrml.volume_input(node, check=check).grid is check.geometry.grid
    assert read == []
    acquisition.SetAndObserveTransformNodeID(add_transform(a_scene, np.diag([1, 1, 2.0, 1])).GetID())
    mrml.volume_input(node, check=check)
    assert read == [node]


def test_volume_that_left_the_scene(a_scene):
    grid = tilted_grid()
    node = add_volume(a_scene, head_hu(grid), grid.nearest_affine_ras)
    a_scene.RemoveNode(node)
    with raises(NodeRemovedError, "mrml.node_removed", what="volume"):
        mrml.volume_input(node)
    assert mrml.check_volume(node).reason.code == "mrml.node_removed"
    assert not mrml.check_volume(None).ok
