# SPDX-License-Identifier: Apache-2.0
"""Volumes in the scene are those of the library on the true slices, and follow every edit."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.scene import (
    DicomDatabase,
    add_acquisition_transform,
    add_transform,
    add_volume,
    load_dicom,
    new_scene,
    publish_head,
    tilted_grid,
)
from builders.simple_head import head_hu

from ICHSegmentationLib import measure, mrml, read_ct
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype


@pytest.fixture
def a_scene():
    """An empty scene."""
    return new_scene()


@pytest.fixture
def a_result():
    """A tilted head under the acquisition transform with its result."""
    return publish_head()


def spacing_product_ml(volume_node, voxels: int) -> float:
    """Return what Slicer's Segment Statistics makes of a voxel count."""
    return voxels * float(np.prod(volume_node.GetSpacing())) / 1000


@pytest.mark.parametrize("way", ["files", "acquisition transform"])
def test_ge_scan_measures_as_the_library_does(shared_data, a_scene, monkeypatch, way):
    files = sorted((shared_data / "ge-head-ct").glob("*.dcm"))
    volume_node, database = load_dicom(a_scene, files)
    grid = read_ct(files).grid
    if way == "files":
        monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    else:
        monkeypatch.setattr(slicer, "dicomDatabase", DicomDatabase({}), raising=False)
        add_acquisition_transform(volume_node, grid)
    volume = mrml.volume_input(volume_node)
    assert volume.source.kind == ("dicom" if way == "files" else "array")
    iph, ivh = np.zeros((2, *grid.shape), dtype=bool)
    iph[10:20, 200:260, 300:340] = True
    ivh[2:9, 250:300, 240:250] = True
    label_map = labelled(grid, (Subtype.IPH, iph), (Subtype.IVH, ivh))
    node = mrml.publish(volume_node, volume, LabelMap(label_map.labels, volume.grid), name="GE")
    volumes = mrml.segment_volumes_ml(node)
    assert volumes == pytest.approx(measure(label_map).volumes_ml, abs=1e-3)
    assert volumes["IPH"] == pytest.approx(iph.sum(axis=(1, 2)) @ grid.extents_mm * 0.4882812**2 / 1000, rel=1e-6)
    # The lower half's slices own 4 mm along their normal, where Slicer's even spacing has 5.63 mm along the table.
    assert spacing_product_ml(volume_node, int(ivh.sum())) / volumes["IVH"] > 1.3
    assert mrml.label_map_of(node).grid.matches(grid, tolerance_mm=1e-3)


def test_sheared_matrix_counts_by_its_determinant(a_scene):
    grid = head_grid([6.0] * 25, tilt_deg=20, rows=80, columns=70, spacing_mm=(2.5, 2.7))
    volume_node = add_volume(a_scene, head_hu(grid), grid.affine_ras)
    volume = mrml.volume_input(volume_node)
    mask = ellipsoid_mask(grid, (10, 0, 0), (30, 30, 30))
    node = mrml.publish(volume_node, volume, labelled(volume.grid, (Subtype.SAH, mask)), name="sheared")
    sah = mrml.segment_volumes_ml(node)["SAH"]
    assert sah == pytest.approx(mask.sum() * abs(np.linalg.det(grid.affine_ras[:3, :3])) / 1000, rel=1e-9)
    assert spacing_product_ml(volume_node, int(mask.sum())) / sah == pytest.approx(1 / np.cos(np.radians(20)), rel=1e-6)


def test_acquisition_transform_counts_by_what_each_slice_owns(a_result):
    grid = tilted_grid()
    volumes = mrml.segment_volumes_ml(a_result.node)
    for identifier, label in (("IPH", 4), ("SDH", 2)):
        per_slice = np.count_nonzero(a_result.label_map.labels == label, axis=(1, 2))
        assert volumes[identifier] == pytest.approx(per_slice @ grid.voxel_volumes_mm3 / 1000, rel=1e-4)
    assert volumes["total"] == pytest.approx(volumes["IPH"] + volumes["SDH"])


def test_scaling_by_a_linear_transform_counts_for_a_volume_without_files(a_scene):
    grid = head_grid([18.0] * 9, rows=30, columns=28, spacing_mm=(7.0, 7.5))
    volume_node = add_volume(a_scene, head_hu(grid), grid.affine_ras)
    volume_node.SetAndObserveTransformNodeID(add_transform(a_scene, np.diag([1, 1, 1.5, 1])).GetID())
    volume = mrml.volume_input(volume_node)
    mask = ellipsoid_mask(grid, (0, 0, 0), (40, 40, 40))
    node = mrml.publish(volume_node, volume, labelled(volume.grid, (Subtype.IPH, mask)), name="scaled")
    expected = 1.5 * measure(labelled(grid, (Subtype.IPH, mask))).volumes_ml["IPH"]
    assert mrml.segment_volumes_ml(node)["IPH"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("axes", [(2, 1, 0), (1, 2, 0), (0, 2, 1)], ids=["axial", "sagittal", "coronal"])
def test_every_storage_order_measures_the_same(a_scene, axes):
    grid = head_grid([18.0] * 9, rows=30, columns=28, spacing_mm=(7.0, 7.5))
    stored = np.transpose(head_hu(grid), np.argsort(axes))  # (i, j, k)
    affine = np.eye(4)
    affine[:, 3] = grid.affine_ras[:, 3]
    affine[:, list(axes)] = grid.affine_ras[:, [2, 1, 0]]
    volume_node = add_volume(a_scene, stored.T, affine)
    volume = mrml.volume_input(volume_node)
    assert volume.source.storage_axes == axes
    label_map = labelled(volume.grid, (Subtype.IPH, ellipsoid_mask(grid, (20, 10, 5), (40, 30, 35))))
    node = mrml.publish(volume_node, volume, label_map, name="stored")
    assert mrml.segment_volumes_ml(node) == measure(label_map).volumes_ml
    assert np.array_equal(mrml.label_map_of(node).labels, label_map.labels)
    lesion = mrml.largest_lesion(node)
    assert np.allclose(lesion.ras_mm, (-20, -10, 5), atol=10)
    mrml.move_lesion(node, lesion.ras_mm, "EDH")
    assert mrml.segment_volumes_ml(node)["EDH"] == measure(label_map).volumes_ml["IPH"]


def test_live_volumes_follow_an_edit_once(a_result):
    seen = []
    live = mrml.LiveVolumes(a_result.node, seen.append)
    before = live.current
    assert before.volumes_ml == mrml.segment_volumes_ml(a_result.node)
    assert before.present == {"EDH": False, "SDH": True, "SAH": False, "IPH": True, "IVH": False}
    assert sum(before.fractions.values()) == pytest.approx(1)
    mrml.move_lesion(a_result.node, a_result.iph_ras, "IVH")
    assert len(seen) == 1
    assert live.current is seen[0]
    assert seen[0].volumes_ml["IVH"] == before.volumes_ml["IPH"]
    assert seen[0].volumes_ml["total"] == before.volumes_ml["total"]
    assert seen[0].changed == {"IPH", "IVH"}


def test_live_volumes_take_no_notice_of_names_and_colors(a_result):
    seen = []
    live = mrml.LiveVolumes(a_result.node, seen.append)
    a_result.node.GetSegmentation().GetSegment("IPH").SetName("Clot")
    a_result.node.GetSegmentation().GetSegment("IPH").SetColor(0, 0, 1)
    a_result.node.GetDisplayNode().SetOpacity(0.3)
    assert seen == []
    live.close()


def test_live_volumes_follow_a_removed_segment_until_closed(a_result):
    seen = []
    live = mrml.LiveVolumes(a_result.node, seen.append)
    a_result.node.GetSegmentation().RemoveSegment("SDH")
    assert "SDH" not in seen[-1].volumes_ml
    assert seen[-1].changed == {"SDH"}
    count = len(seen)
    live.close()
    live.close()
    mrml.move_lesion(a_result.node, a_result.iph_ras, "IVH")
    assert len(seen) == count


def test_live_volumes_outlive_the_scene(a_result):
    live = mrml.LiveVolumes(a_result.node, pytest.fail)
    a_result.scene.Clear(0)
    live.close()


def test_segments_that_are_no_blood_are_not_counted(a_result):
    before = mrml.segment_volumes_ml(a_result.node)
    segmentation = a_result.node.GetSegmentation()
    segmentation.AddEmptySegment("Edema", "Edema")
    assert mrml.segment_volumes_ml(a_result.node) == before
    assert mrml.changed_by_hand(a_result.node) == frozenset()


@pytest.mark.parametrize("linear", [True, False])
def test_hardening_the_transform_keeps_the_volumes(linear):
    result = publish_head(acquisition=not linear)
    node, before = result.node, mrml.segment_volumes_ml(result.node)
    if linear:
        shift = np.eye(4)
        shift[:3, 3] = (3, 4, 5)
        transform = add_transform(result.scene, shift)
        for either in (node, result.volume_node):
            either.SetAndObserveTransformNodeID(transform.GetID())
    node.HardenTransform()
    assert node.GetParentTransformNode() is None
    assert mrml.segment_volumes_ml(node) == before
    assert np.array_equal(mrml.label_map_of(node).labels, result.label_map.labels)


def test_damaged_records_are_named(a_result):
    node = a_result.node
    kept = node.GetAttribute(mrml.RESULT_ATTRIBUTE)
    node.SetAttribute(mrml.RESULT_ATTRIBUTE, kept[:-30] + '"}')
    with raises(InputError, "mrml.damaged_result", name="Hemorrhage"):
        mrml.changed_by_hand(node)
    node.SetAttribute("ICHSegmentation.SliceGrid", "{}")
    with raises(InputError, "mrml.damaged_positions", name="Hemorrhage"):
        mrml.segment_volumes_ml(node)


def test_largest_lesion_is_a_point_inside_the_largest_region(a_result):
    found = mrml.lesions(a_result.node)
    assert [lesion.subtype for lesion in found] == ["IPH", "SDH"]
    assert found[0] == mrml.largest_lesion(a_result.node)
    assert found[0].volume_ml == mrml.segment_volumes_ml(a_result.node)["IPH"]
    assert np.allclose(found[0].ras_mm, a_result.iph_ras, atol=5)
    assert mrml.lesion_at(a_result.node, found[1].ras_mm) == found[1]


def test_a_click_close_to_a_lesion_means_it(a_result):
    x, y, z = a_result.iph_ras
    edge = x - 20  # radius of the clot to the left
    assert mrml.lesion_at(a_result.node, (edge - 3, y, z)).subtype == "IPH"
    assert mrml.lesion_at(a_result.node, (edge - 12, y, z)) is None
    assert mrml.lesion_at(a_result.node, (500, 0, 0)) is None
