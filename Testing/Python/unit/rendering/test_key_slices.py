# SPDX-License-Identifier: Apache-2.0
"""Which slices are shown."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.rendering.key_slices import choose_slices

HEIGHTS = np.arange(12) * 5.0
ALL = np.arange(12)


def volumes(**parts: dict[int, float]) -> dict[str, list[float]]:
    rows = {name: [part.get(index, 0.0) for index in range(12)] for name, part in parts.items()}
    return rows | {"total": np.sum(list(rows.values()), axis=0).tolist()}


def test_slices_with_most_blood_come_from_inferior_to_superior():
    blood = volumes(IPH={2: 1.0, 3: 4.0, 4: 5.0, 5: 3.0, 9: 0.5})
    assert choose_slices(blood, ALL, HEIGHTS, 3) == [3, 4, 5]
    assert choose_slices(blood, ALL, -HEIGHTS, 3) == [5, 4, 3]


def test_every_subtype_is_shown_where_it_is_largest():
    blood = volumes(IPH={4: 5.0, 5: 6.0, 6: 5.0, 7: 4.0}, SAH={1: 0.1, 2: 0.2})
    assert choose_slices(blood, ALL, HEIGHTS, 3) == [2, 5, 6] or choose_slices(blood, ALL, HEIGHTS, 3) == [2, 4, 5]
    assert 2 in choose_slices(blood, ALL, HEIGHTS, 2)


def test_few_bloody_slices_are_joined_by_their_neighbours():
    assert choose_slices(volumes(IPH={6: 2.0}), ALL, HEIGHTS, 4) in ([5, 6, 7, 8], [4, 5, 6, 7])


def test_without_blood_slices_are_spread_over_the_head():
    assert choose_slices(volumes(IPH={}), np.arange(2, 11), HEIGHTS, 3) == [3, 6, 9]


def test_a_short_series_gives_all_its_slices():
    blood = {"IPH": [0.0, 1.0, 0.0], "total": [0.0, 1.0, 0.0]}
    assert choose_slices(blood, np.arange(3), HEIGHTS[:3], 6) == [0, 1, 2]
    assert choose_slices({"total": [0.0] * 3}, np.arange(0), HEIGHTS[:3], 6) == [0, 1, 2]
