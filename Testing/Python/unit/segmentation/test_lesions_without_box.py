# SPDX-License-Identifier: Apache-2.0
"""Lesions that no box speaks for get one of their own, so that a neighbour's change cannot take them along."""

from __future__ import annotations

import numpy as np
from builders.grids import make_grid
from builders.label_maps import labelled

from ICHSegmentationLib.core.lesion_boxes import BoxEdit, box_around, lesion_boxes
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.segmentation.boxes.lesion_voxels import lesion_voxels
from ICHSegmentationLib.segmentation.boxes.lesions_without_box import lesions_without_box
from ICHSegmentationLib.segmentation.boxes.segmentation import edit_without_segmenter, resegment_box

GRID = make_grid(rows=20, columns=20)
LESION, PAINTED = np.s_[1:4, 2:5, 2:5], np.s_[2:3, 8:10, 8:10]


def a_box(slices, rows, columns, subtype="IPH"):
    mask = np.ones([last - first for first, last in (slices, rows, columns)], dtype=bool)
    return box_around(mask, (slices[0], rows[0], columns[0]), GRID, subtype)


WIDE = a_box((1, 4), (1, 12), (1, 12))


def two_lesions():
    """A lesion of the wide box, and one painted into that box without touching the first."""
    label_map = labelled(GRID)
    label_map.labels[LESION] = Subtype.IPH
    made = label_map.labels > 0
    label_map.labels[PAINTED] = Subtype.IPH
    return label_map, made


def test_without_any_box_every_lesion_has_none():
    label_map, _ = two_lesions()
    nothing = np.zeros(GRID.shape, dtype=bool)
    assert lesions_without_box(label_map, (), nothing) == lesion_boxes(label_map)


def test_what_was_painted_inside_a_box_has_none_and_what_was_made_there_has():
    label_map, made = two_lesions()
    assert lesions_without_box(label_map, (WIDE,), made) == (a_box((2, 3), (8, 10), (8, 10)),)


def test_what_was_painted_onto_a_lesion_is_the_lesions():
    label_map, made = two_lesions()
    label_map.labels[2, 4:9, 4:9] = Subtype.IPH
    assert lesions_without_box(label_map, (WIDE,), made) == ()


def test_a_box_of_another_subtype_speaks_for_nothing():
    label_map, made = two_lesions()
    other = WIDE.model_copy(update={"subtype": "IVH"})
    assert len(lesions_without_box(label_map, (other,), made)) == 2


def test_a_deleted_box_takes_its_lesion_and_leaves_the_painted_one_inside_it():
    label_map, made = two_lesions()
    others = lesions_without_box(label_map, (WIDE,), made)
    left = edit_without_segmenter(label_map, BoxEdit(before=WIDE, others=others)).labels
    assert (left > 0).sum() == (label_map.labels[PAINTED] > 0).sum() == 4
    assert (left[PAINTED] == Subtype.IPH).all()


def test_a_moved_box_leaves_the_painted_lesion_too():
    label_map, made = two_lesions()
    others = lesions_without_box(label_map, (WIDE,), made)

    class Nothing:
        box_warning = ""

        def predict_in_box(self, _volume, box):
            return np.zeros(box.voxels(GRID).inside.shape, dtype=np.float32)

    moved = a_box((1, 4), (1, 6), (1, 6))
    edit = BoxEdit(before=WIDE, after=moved, others=others)
    left = resegment_box(Nothing(), None, label_map, edit).labels
    assert (left[PAINTED] == Subtype.IPH).all()
    assert (left > 0).sum() == 4


def test_nothing_but_deleting_and_renaming_goes_without_looking():
    label_map, _ = two_lesions()
    moved = a_box((1, 4), (1, 6), (1, 6))
    assert edit_without_segmenter(label_map, BoxEdit(before=WIDE, after=moved)) is None
    assert edit_without_segmenter(label_map, BoxEdit(after=moved)) is None
    renamed = edit_without_segmenter(
        label_map, BoxEdit(before=WIDE, after=WIDE.model_copy(update={"subtype": "SDH"}))
    ).labels
    assert sorted(np.unique(renamed)) == [0, Subtype.SDH]
    assert ((renamed > 0) == (label_map.labels > 0)).all()


def voxels_of(label_map, box, *others):
    region, mine = lesion_voxels(label_map, box, others)
    whole = np.zeros(GRID.shape, dtype=bool)
    whole[region] = mine
    return whole


def test_a_voxel_in_two_boxes_is_part_of_the_lesion_that_one_of_them_holds_whole():
    label_map, made = two_lesions()
    painted = (label_map.labels > 0) & ~made
    # It cuts into the first lesion, and holds the painted one as the wide one does, but is larger.
    cutting, large = a_box((1, 5), (4, 20), (4, 20)), a_box((0, 5), (0, 13), (0, 13))
    np.testing.assert_array_equal(voxels_of(label_map, WIDE, cutting, large), made | painted)
    assert not voxels_of(label_map, cutting, WIDE, large).any()
    assert not voxels_of(label_map, large, WIDE, cutting).any()


def test_where_two_boxes_cut_one_lesion_what_both_hold_is_neithers():
    label_map = labelled(GRID)
    label_map.labels[1, 2:6, 2:18] = Subtype.IPH
    left, right = a_box((1, 2), (2, 6), (2, 12)), a_box((1, 2), (2, 6), (8, 18))
    one, other = voxels_of(label_map, left, right), voxels_of(label_map, right, left)
    assert (one.sum(), other.sum()) == (4 * 6, 4 * 6)
    assert not (one | other)[1, :, 8:12].any()


def test_a_small_box_inside_a_large_one_has_its_lesion():
    label_map, _ = two_lesions()
    tight = a_box((2, 3), (8, 10), (8, 10))
    assert voxels_of(label_map, tight, WIDE).sum() == 4
    assert voxels_of(label_map, WIDE, tight).sum() == 27
