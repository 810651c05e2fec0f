# SPDX-License-Identifier: Apache-2.0
"""Both scans lie on the same planes; the difference is bright where blood came."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import head_grid, labelled
from builders.moved_head import moved_scan, pose_matrix

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.registration import Registration
from ICHSegmentationLib.rendering import comparison_picture
from ICHSegmentationLib.rendering.comparison_picture import draw_comparison

POSE = ((4.0, -3.0, 8.0), (6.0, -9.0, 4.0))
TOP_PX, PANEL_PX, FOOTER_PX, GAP_PX = 96, 400, 28, 6


@pytest.fixture(scope="module")
def panels() -> np.ndarray:
    """(rows, columns, height, width, 3) int."""
    registration = Registration(pose_matrix(POSE), 0.97, 0.9)
    scans = moved_scan(None), moved_scan(POSE, 4.0)
    growth = compare_volumes(*(measure(label_map) for _, label_map in scans))
    picture = np.asarray(draw_comparison(*scans, registration, growth)).astype(int)
    width = (picture.shape[1] - GAP_PX) // 3 - GAP_PX
    assert picture.shape[0] == TOP_PX + 3 * (PANEL_PX + GAP_PX) + FOOTER_PX
    rows = [TOP_PX + row * (PANEL_PX + GAP_PX) for row in range(3)]
    columns = [GAP_PX + column * (width + GAP_PX) for column in range(3)]
    return np.array([[picture[y : y + PANEL_PX, x : x + width] for x in columns] for y in rows])


def outlined(panel: np.ndarray) -> np.ndarray:
    """Return (row, column) of coloured pixels."""
    return np.argwhere(panel.max(axis=-1) - panel.min(axis=-1) > 60)


def test_the_clot_lies_at_the_same_place_and_is_larger(panels):
    for row in panels:
        before, after = outlined(row[0]), outlined(row[1])
        centres = [(found.min(axis=0) + found.max(axis=0)) / 2 for found in (before, after)]
        assert centres[0] == pytest.approx(centres[1], abs=6)
        sizes = [np.ptp(found, axis=0).mean() for found in (before, after)]
        assert sizes[1] / sizes[0] == pytest.approx(18 / 14, abs=0.15)


def test_the_legend_says_before_and_after():
    """Ten voxels of 0.125 mL each, then sixteen; the other class is gone."""
    grid = head_grid([5.0] * 4, rows=10, columns=10, spacing_mm=(5.0, 5.0))
    before, after = labelled(grid), labelled(grid)
    before.labels[1, 0, :10], before.labels[2, 0, :8] = Subtype.IPH, Subtype.SAH
    after.labels[1, 0:2, :8] = Subtype.IPH
    table = load_terminology()

    expected = [
        (table.by_id("SAH").rgb, "SAH  1.0 mL to 0.0 mL"),
        (table.by_id("IPH").rgb, "IPH  1.2 mL to 2.0 mL"),
        (None, "total  2.2 mL to 2.0 mL"),
    ]
    assert comparison_picture._legend(compare_volumes(measure(before), measure(after))) == expected
    unknown = compare_volumes(measure(before), measure(after, assessed=False))
    assert comparison_picture._legend(unknown) == [*expected, (None, "Not compared: not assessed")]


def test_the_difference_is_white_where_blood_came_and_grey_inside(panels):
    for row in panels:
        found = outlined(row[2])
        middle = ((found.min(axis=0) + found.max(axis=0)) / 2).astype(int)
        radius = np.ptp(found, axis=0).mean() / 2
        inside = row[2][middle[0] - 8 : middle[0] + 9, middle[1] - 8 : middle[1] + 9].mean()
        rim = row[2][middle[0], middle[1] + int(radius * 0.88)].mean()
        assert inside == pytest.approx(127, abs=12)
        assert rim > 200
