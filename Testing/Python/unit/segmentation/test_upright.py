# SPDX-License-Identifier: Apache-2.0
"""Heads that are set upright for a segmenter, and labels that come back to the source slices."""

from __future__ import annotations

import numpy as np
import pytest
from builders.turned_scans import turned_in_plane, upside_down, with_mirrored_pixels

from ICHSegmentationLib.anatomy.head_pose import find_pose
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import LesionBox, lesion_boxes
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation
from ICHSegmentationLib.research.simulation import simulated_ct
from ICHSegmentationLib.segmentation.segmenter import Segmented
from ICHSegmentationLib.segmentation.upright.in_plane_turn import InPlaneTurn
from ICHSegmentationLib.segmentation.upright.scan import UprightScan
from ICHSegmentationLib.segmentation.upright.segmenter import UprightBoxSegmenter, UprightSegmenter, set_upright

_MARK_HU = 2000


class _Marks:
    """Labels a marked voxel SDH on the patient's left and EDH on the right, by the canonical columns alone."""

    box_warning = ""

    def __init__(self) -> None:
        self.seen: CTVolume | None = None

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:  # noqa: ARG002 - as `Segmenter`
        self.seen = volume
        orientation = CanonicalOrientation.of(volume.grid)
        hu = orientation.apply(volume.hu)
        inside = np.flatnonzero((hu > 200).any(axis=(0, 1)))
        left = np.arange(hu.shape[2]) > inside[[0, -1]].mean()
        labels = np.where(hu > _MARK_HU / 2, np.where(left, Subtype.SDH, Subtype.EDH), 0).astype(np.uint8)
        label_map = LabelMap(np.ascontiguousarray(orientation.invert(labels)), volume.grid)
        return Segmented(label_map, (), lesion_boxes(label_map))

    def predict_in_box(self, volume: CTVolume, box: LesionBox) -> np.ndarray:
        region, inside = box.voxels(volume.grid)
        return ((volume.hu[region] > _MARK_HU / 2) & inside).astype(np.float32)


class _Whole:
    """A system that takes no boxes."""

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:  # noqa: ARG002 - as `Segmenter`
        return Segmented(LabelMap(np.zeros(volume.grid.shape, dtype=np.uint8), volume.grid), (), ())


@pytest.fixture(scope="module")
def a_marked_head() -> CTVolume:
    """A generated head with soft bone, marked by bright blocks: the larger one on the left, the other on the right."""
    volume = simulated_ct(4, shape=(30, 112, 112), spacing_mm=(5.0, 2.0, 2.0)).volume
    hu = np.minimum(volume.hu, _MARK_HU // 4)
    hu[12:17, 46:62, 66:78] = _MARK_HU
    hu[12:17, 46:58, 34:42] = _MARK_HU
    return CTVolume(hu, volume.grid)


def _dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def _counts(found: Segmented) -> list[int]:
    return np.bincount(found.label_map.labels.ravel(), minlength=3)[1:3].tolist()


def test_upright_head_is_given_as_it_is(a_marked_head: CTVolume) -> None:
    marks = _Marks()
    found = UprightSegmenter(marks).segment(a_marked_head, Stages({}), force=False)
    assert marks.seen is a_marked_head
    assert _counts(found) == [480, 960]
    assert (found.warnings, found.assessed) == ((), True)


@pytest.mark.parametrize("turn_deg", [90, 180, 270])
def test_turn_by_right_angles_is_exact(a_marked_head: CTVolume, turn_deg: int) -> None:
    volume, marks = turned_in_plane(a_marked_head, turn_deg), _Marks()
    found = UprightSegmenter(marks).segment(volume, Stages({}), force=False)
    upright = UprightSegmenter(_Marks()).segment(a_marked_head, Stages({}), force=False)
    expected = np.rot90(upright.label_map.labels, turn_deg // 90, axes=(1, 2))
    np.testing.assert_array_equal(found.label_map.labels, expected)
    assert found.label_map.grid is volume.grid
    assert marks.seen is not None
    assert marks.seen.hu is volume.hu
    assert found.boxes == lesion_boxes(found.label_map)
    shown = 180 if turn_deg == 180 else 90
    assert found.warnings == (message("segmentation.turned_head_set_upright", turn_deg=shown),)


@pytest.mark.parametrize("turn_deg", [-33, 40, 110, 215])
def test_turn_by_any_angle_keeps_volumes_sides_and_places(a_marked_head: CTVolume, turn_deg: int) -> None:
    volume, marks = turned_in_plane(a_marked_head, turn_deg), _Marks()
    found = UprightSegmenter(marks).segment(volume, Stages({}), force=False)
    assert _counts(found) == pytest.approx([480, 960], rel=0.05)
    assert found.label_map.grid is volume.grid
    assert _dice(found.label_map.labels > 0, volume.hu > _MARK_HU / 2) > 0.93
    assert {box.subtype for box in found.boxes} == {"EDH", "SDH"}
    assert found.assessed
    assert [warning.code for warning in found.warnings] == ["segmentation.turned_head_set_upright"]
    assert marks.seen is not None
    assert abs(find_pose(marks.seen).turn_deg) < 6


def test_boxes_of_a_turned_head_lie_around_its_lesions(a_marked_head: CTVolume) -> None:
    volume = turned_in_plane(a_marked_head, 35)
    found = UprightSegmenter(_Marks()).segment(volume, Stages({}), force=False)
    for box in found.boxes:
        region, inside = box.voxels(volume.grid)
        labelled = found.label_map.labels == box.label
        assert (labelled[region] & inside).sum() > 0.97 * labelled.sum()
        assert inside.sum() < 3 * labelled.sum()


def test_smallest_turn_is_left_alone(a_marked_head: CTVolume) -> None:
    volume, marks = turned_in_plane(a_marked_head, 12), _Marks()
    found = UprightSegmenter(marks).segment(volume, Stages({}), force=False)
    assert marks.seen is volume
    assert (found.warnings, found.assessed) == ((), True)


def test_uneven_sagittal_slices_are_not_sampled_again(a_marked_head: CTVolume) -> None:
    grid, pose = a_marked_head.grid, find_pose(a_marked_head)
    up = np.array([0.0, 0.0, 1.0])
    for columns, sampled in ((range(112), True), ([*range(0, 56, 2), *range(56, 112)], False)):
        positions = grid.points_mm(np.array([[0, 0, column] for column in columns]))
        sagittal = SliceGrid((len(columns), 30, 112), positions, np.stack([grid.orientation[1], up]), (5.0, 2.0))
        assert (InPlaneTurn.of(sagittal, pose) is not None) == sampled


def test_head_that_cannot_be_sampled_again_is_left_and_told(
    a_marked_head: CTVolume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InPlaneTurn, "of", lambda *_: None)
    volume = turned_in_plane(a_marked_head, 35)
    scan = UprightScan.of(volume)
    assert scan.volume is volume
    assert [warning.code for warning in scan.warnings] == ["segmentation.head_turned"]
    assert scan.warnings[0].parameters["turn_deg"] == pytest.approx(35, abs=8)


def test_mirrored_pixels_with_true_headers_keep_the_sides(a_marked_head: CTVolume) -> None:
    found = UprightSegmenter(_Marks()).segment(with_mirrored_pixels(a_marked_head), Stages({}), force=False)
    assert _counts(found) == [480, 960]


def test_head_upside_down_is_not_assessed(a_marked_head: CTVolume) -> None:
    found = UprightSegmenter(_Marks()).segment(upside_down(a_marked_head), Stages({}), force=False)
    assert not found.assessed
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("Not assessed: the head is tilted")


@pytest.mark.parametrize(("turn_deg", "tolerance"), [(0, 0), (90, 0), (35, 0.05)])
def test_blood_in_a_box_of_a_turned_head(a_marked_head: CTVolume, turn_deg: int, tolerance: float) -> None:
    volume = turned_in_plane(a_marked_head, turn_deg)
    marked = np.where(volume.hu > _MARK_HU / 2, np.uint8(Subtype.SDH), np.uint8(0))
    box = lesion_boxes(LabelMap(marked, volume.grid))[0].enlarged(volume.grid, 4.0)
    blood = UprightBoxSegmenter(_Marks()).predict_in_box(volume, box)
    region, inside = box.voxels(volume.grid)
    assert blood.shape == inside.shape
    assert (blood >= 0.5).sum() == pytest.approx((marked[region] > 0).sum(), rel=tolerance)


def test_only_systems_that_take_boxes_take_them_upright() -> None:
    assert isinstance(set_upright(_Marks()), UprightBoxSegmenter)
    assert not isinstance(set_upright(_Whole()), UprightBoxSegmenter)


def test_scan_without_brain_is_left_alone(a_marked_head: CTVolume) -> None:
    air = CTVolume(np.full(a_marked_head.grid.shape, -1000, dtype=np.int16), a_marked_head.grid)
    assert UprightScan.of(air).volume is air
