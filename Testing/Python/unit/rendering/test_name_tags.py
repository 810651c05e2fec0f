# SPDX-License-Identifier: Apache-2.0
"""Subtypes are named in the pictures, beside the blood and clear of other words, so that greys suffice."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.rendering.name_tags import Box, draw_name_tags


def drawn(labels: np.ndarray, taken: tuple[Box, ...] = ()) -> tuple[np.ndarray, list[Box]]:
    panel = Image.new("RGB", labels.shape[::-1], (90, 90, 90))
    boxes = draw_name_tags(ImageDraw.Draw(panel), labels, taken)
    return np.asarray(panel.convert("L")), boxes


def test_every_subtype_is_named_once_beside_its_blood():
    labels = np.zeros((300, 400), np.uint8)
    for subtype in Subtype:
        labels[40 * subtype : 40 * subtype + 30, 100:180] = subtype
    greys, boxes = drawn(labels)

    assert len(boxes) == 5
    for box in boxes:
        rows, columns = slice(int(box.top), int(box.bottom)), slice(int(box.left), int(box.right))
        assert not labels[rows, columns].any()
        assert greys[rows, columns].max() > 200
        assert greys[rows, columns].min() < 30
    assert all(one.overlap(other) == 0 for one in boxes for other in boxes if one is not other)


def test_a_line_leads_from_the_name_to_the_edge_of_the_blood():
    labels = np.zeros((200, 300), np.uint8)
    labels[80:120, 60:100] = Subtype.IPH
    greys, (box,) = drawn(labels)

    assert box.left > 100
    assert (greys[100, 101 : int(box.left) - 1] > 200).all()
    assert (greys[82:118, 62:98] == 90).all()


def test_names_stay_inside_the_panel_and_off_other_words():
    labels = np.zeros((200, 300), np.uint8)
    labels[80:120, 270:300] = Subtype.SDH
    other = Box(200, 80, 260, 120)
    _, (box,) = drawn(labels, (other,))

    assert (box.left >= 0, box.top >= 0, box.right <= 300, box.bottom <= 200) == (True,) * 4
    assert box.overlap(other) == 0


def test_of_many_pieces_the_three_largest_are_named():
    labels = np.zeros((200, 400), np.uint8)
    for place in range(6):
        labels[50 : 70 + 4 * place, 20 + 60 * place : 40 + 60 * place] = Subtype.SAH
    labels[150:152, 20:22] = Subtype.SAH

    assert len(drawn(labels)[1]) == 3
    labels[labels == Subtype.SAH] = 0
    labels[150:152, 20:22] = Subtype.SAH
    assert len(drawn(labels)[1]) == 1
    assert drawn(np.zeros((200, 400), np.uint8))[1] == []
