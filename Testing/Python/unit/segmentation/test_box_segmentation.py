# SPDX-License-Identifier: Apache-2.0
"""A change of one box changes one lesion: the others keep their voxels, and no voxel is labelled twice."""

from __future__ import annotations

import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid
from builders.label_maps import labelled
from builders.worker_world import tilted_head

from ICHSegmentationLib import resegment_lesion, segment
from ICHSegmentationLib.core.errors import CancelledError, InputError
from ICHSegmentationLib.core.lesion_boxes import BoxEdit, LesionBox, box_around
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.segmentation.boxes.segmentation import resegment_box, segment_boxes

GRID = make_grid(rows=20, columns=20)
VOLUME = CTVolume(np.zeros(GRID.shape, dtype=np.int16), GRID)


class Filler:
    """Takes all of a box for blood, surest where it is told to be."""

    box_warning = ""

    def __init__(self, sure=None):
        self.asked = []
        self._sure = sure or {}

    def predict_in_box(self, volume, box):
        self.asked.append(box)
        return np.where(box.voxels(volume.grid).inside, np.float32(self._sure.get(box.subtype, 0.9)), 0)


def box(subtype, slices, rows, columns):
    mask = np.ones([last - first for first, last in (slices, rows, columns)], dtype=bool)
    return box_around(mask, (slices[0], rows[0], columns[0]), GRID, subtype)


IPH, IVH = box("IPH", (1, 4), (2, 8), (2, 8)), box("IVH", (2, 5), (12, 16), (12, 16))


def two_lesions():
    label_map = labelled(GRID)
    label_map.labels[1:4, 2:8, 2:8] = Subtype.IPH
    label_map.labels[2:5, 12:16, 12:16] = Subtype.IVH
    return label_map


def test_a_voxel_in_two_boxes_belongs_to_the_likelier_blood():
    boxes = [box("IPH", (1, 2), (0, 6), (0, 6)), box("SDH", (1, 2), (4, 10), (4, 10))]
    shares = {"preprocess": 0.5, "infer": 0.5}
    for sure, winner in (({"IPH": 0.8}, Subtype.SDH), ({"SDH": 0.6}, Subtype.IPH), ({}, Subtype.IPH)):
        labels = segment_boxes(Filler(sure), VOLUME, boxes, Stages(shares), force=True).label_map.labels
        assert labels[1, 5, 5] == winner
        assert (labels > 0).sum() == 2 * 36 - 4


def test_a_voxel_in_two_boxes_belongs_to_the_surer_one():
    unsure, sure = box("IPH", (1, 2), (0, 6), (0, 6)), box("IVH", (1, 2), (0, 6), (0, 6))
    boxes = [unsure.model_copy(update={"confidence": 0.4}), sure.model_copy(update={"confidence": 0.6})]
    segmenter = Filler({"IPH": 0.95, "IVH": 0.9})
    for order in (boxes, boxes[::-1]):
        labels = segment_boxes(segmenter, VOLUME, order, Stages({"preprocess": 0.5, "infer": 0.5}), force=True)
        assert np.unique(labels.label_map.labels).tolist() == [0, Subtype.IVH]
    doubted = [sure.model_copy(update={"confidence": 0.0})]
    labels = segment_boxes(segmenter, VOLUME, doubted, Stages({"preprocess": 0.5, "infer": 0.5}), force=True)
    assert (labels.label_map.labels == Subtype.IVH).sum() == 36


def test_an_added_box_takes_background_only():
    added = box("SDH", (2, 3), (6, 13), (6, 13))
    labels = resegment_box(Filler(), VOLUME, two_lesions(), BoxEdit(after=added, others=(IPH, IVH))).labels
    expected = two_lesions().labels
    free = expected[2, 6:13, 6:13] == 0
    expected[2, 6:13, 6:13][free] = Subtype.SDH
    np.testing.assert_array_equal(labels, expected)
    assert free.sum() == 49 - 4 - 1


def test_a_deleted_box_takes_its_lesion_along():
    segmenter = Filler()
    before = two_lesions()
    labels = resegment_box(segmenter, VOLUME, before, BoxEdit(before=IPH, others=(IVH,))).labels
    assert np.unique(labels).tolist() == [0, Subtype.IVH]
    np.testing.assert_array_equal(labels == Subtype.IVH, before.labels == Subtype.IVH)
    assert segmenter.asked == []
    assert (before.labels == Subtype.IPH).any()  # what was given is not changed


def test_a_moved_box_is_segmented_anew():
    moved = box("IPH", (1, 4), (3, 9), (2, 8))
    segmenter = Filler()
    labels = resegment_box(segmenter, VOLUME, two_lesions(), BoxEdit(before=IPH, after=moved, others=(IVH,))).labels
    assert segmenter.asked == [moved]
    assert not labels[:, 2, 2:8].any()
    assert (labels[1:4, 3:9, 2:8] == Subtype.IPH).all()
    assert (labels == Subtype.IVH).sum() == 48


def test_another_subtype_keeps_the_voxels_and_asks_nobody():
    label_map = two_lesions()
    label_map.labels[1, 2, 2] = 0  # corrected by hand
    retyped = IPH.model_copy(update={"subtype": "EDH"})
    segmenter = Filler()
    labels = resegment_box(segmenter, VOLUME, label_map, BoxEdit(before=IPH, after=retyped, others=(IVH,))).labels
    np.testing.assert_array_equal(labels == Subtype.EDH, label_map.labels == Subtype.IPH)
    assert not (labels == Subtype.IPH).any()
    assert segmenter.asked == []


def test_what_lies_in_another_box_of_the_subtype_is_not_the_lesion_s():
    label_map = two_lesions()
    neighbour = box("IPH", (1, 4), (6, 11), (2, 8))
    label_map.labels[1:4, 8:11, 2:8] = Subtype.IPH
    labels = resegment_box(Filler(), VOLUME, label_map, BoxEdit(before=IPH, others=(neighbour, IVH))).labels
    assert not labels[1:4, 2:6, 2:8].any()
    assert (labels[1:4, 6:11, 2:8] == Subtype.IPH).all()


def test_voxels_of_another_lesion_inside_the_box_stay():
    label_map = two_lesions()
    label_map.labels[2, 4, 4] = Subtype.IVH
    labels = resegment_box(Filler(), VOLUME, label_map, BoxEdit(before=IPH, others=(IVH,))).labels
    assert labels[2, 4, 4] == Subtype.IVH
    assert labels[2, 4, 5] == 0


@pytest.fixture(scope="module")
def a_head():
    return tilted_head()


def test_the_whole_way_gives_what_the_boxes_alone_give(a_head):
    found = segment(a_head, "em")
    (box_of_clot,) = found.boxes
    alone = segment(a_head, "em", boxes=[box_of_clot]).label_map.labels
    again = resegment_lesion(a_head, found.label_map, BoxEdit(before=box_of_clot, after=box_of_clot), "em")
    assert (again.labels == found.label_map.labels).all()  # nothing was changed, so nothing changes
    emptied = resegment_lesion(a_head, found.label_map, BoxEdit(before=box_of_clot), "em")
    assert not emptied.labels.any()
    added = resegment_lesion(a_head, emptied, BoxEdit(after=box_of_clot), "em")
    np.testing.assert_array_equal(added.labels, alone)


def test_it_can_be_cancelled_and_refuses_what_it_cannot_do(a_head):
    label_map = labelled(a_head.grid)
    far = LesionBox(subtype="IPH", from_lps_mm=(900, 900, 0), to_lps_mm=(910, 910, 0), slices=(3, 4))
    with raises(InputError, "core.box_outside_image", subtype="IPH", first=4, last=5):
        resegment_lesion(a_head, label_map, BoxEdit(after=far), "em")
    with pytest.raises(CancelledError):
        resegment_lesion(a_head, label_map, BoxEdit(), "em", cancel=lambda: True)
