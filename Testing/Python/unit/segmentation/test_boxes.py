# SPDX-License-Identifier: Apache-2.0
"""Boxes stay where they are in the patient, on straight, tilted, uneven and turned stacks of slices."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders.errors import raises
from builders.grids import make_grid
from builders.label_maps import ellipsoid_mask, head_grid, labelled
from pydantic import ValidationError

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.lesion_boxes import LesionBox, box_around, in_plane, lesion_boxes
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.io.boxes import BoxFile, boxes_on, read_boxes, write_boxes
from ICHSegmentationLib.segmentation.boxes.linking import SliceBox, link_boxes, plane_boxes

GRIDS = {
    "straight": make_grid(),
    "tilted": make_grid(tilt_deg=18.5, steps_mm=(4.22,) * 4),
    "uneven": make_grid(tilt_deg=18.5, steps_mm=(4.22, 4.22, 1.14, 7.38)),
    "turned": make_grid(oblique_deg=(12, -8, 20)),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_the_box_around_one_voxel_holds_that_voxel_alone(grid):
    mask = np.zeros(grid.shape, dtype=bool)
    mask[3, 5, 2] = True
    region, inside = box_around(mask[3:4], (3, 0, 0), grid, "IPH").voxels(grid)
    assert region == (slice(3, 4), slice(5, 6), slice(2, 3))
    assert inside.all()


def test_the_corners_of_a_straight_box_are_the_outer_edges_of_its_pixels():
    grid = make_grid(origin_mm=(-60.0, -70.0, 20.0), spacing_mm=(0.5, 0.5))
    mask = np.ones((2, 3, 4), dtype=bool)
    box = box_around(mask, (1, 2, 1), grid, "SDH", 0.5)
    # Columns 1 to 4 have their centres at -59.5 to -58.0, rows 2 to 4 at -69.0 to -68.0.
    assert box.from_lps_mm == (-59.75, -69.25, 25.0)
    assert box.to_lps_mm == (-57.75, -67.75, 30.0)
    assert (box.slices, box.subtype, box.confidence) == ((1, 2), "SDH", 0.5)


def test_on_a_tilted_scan_the_rows_of_a_box_wander_with_the_slices():
    grid = make_grid(tilt_deg=18.5, rows=40, steps_mm=(5.0,) * 4)
    box = LesionBox.spanning("IPH", np.array([[0, 1], [10, 3]]) + _rows_of(grid, 2), (1, 3), grid)
    region, inside = box.voxels(grid)
    firsts = [np.flatnonzero(plane.any(axis=1))[0] + region[1].start for plane in inside]
    # 5 mm along the table move a slice by 5 mm x sin(18.5 deg) = 1.59 mm along its rows: 3.17 pixels of 0.5 mm.
    np.testing.assert_allclose(firsts - firsts[0], [0, 3.17, 6.35], atol=1)
    assert firsts[2] - firsts[0] in (6, 7)
    assert inside.sum(axis=(1, 2)).tolist() == [20, 20, 20]


def _rows_of(grid, number):
    position = grid.positions_mm[number]
    return np.array([position @ grid.orientation[1], position @ grid.orientation[0]]) / 0.5 + 3


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_box_does_not_hang_on_the_direction_in_which_a_file_counts(grid):
    mask = np.zeros(grid.shape, dtype=bool)
    mask[1:4, 2:6, 1:4] = True
    flipped = SliceGrid(
        grid.shape,
        grid.positions_mm + grid.orientation[1] * grid.spacing_mm[0] * (grid.shape[1] - 1),
        grid.orientation * [[1], [-1]],
        grid.spacing_mm,
    )
    box = box_around(mask[1:4], (1, 0, 0), grid, "IPH")
    (_, rows, columns), inside = box.voxels(flipped)
    there, around = box.voxels(grid)
    assert (grid.shape[1] - rows.stop, grid.shape[1] - rows.start) == (there[1].start, there[1].stop)
    assert columns == there[2]
    np.testing.assert_array_equal(inside[:, ::-1], around)


@pytest.mark.parametrize("tilt_deg", [0, 18.5])
def test_every_lesion_gets_a_box_that_holds_it_and_no_larger_one(tilt_deg):
    grid = head_grid([4.0] * 16 + [7.0] * 8, tilt_deg=tilt_deg)
    clot = ellipsoid_mask(grid, (20, -10, 5), (15, 12, 14))
    other = ellipsoid_mask(grid, (-25, 20, 0), (6, 6, 9))
    iph, unknown = lesion_boxes(labelled(grid, (Subtype.IPH, clot), (UNKNOWN_SUBTYPE, other)))
    assert (iph.subtype, unknown.subtype) == ("IPH", "ICH")
    for box, mask in ((iph, clot), (unknown, other)):
        region, inside = box.voxels(grid)
        assert mask[region][inside].sum() == mask.sum()
        assert box.slices == tuple(np.flatnonzero(mask.any(axis=(1, 2)))[[0, -1]])
        found = np.argwhere(mask)
        edges = box.edges(grid)
        centres = np.array([[grid.points_mm(index) @ axis for axis in grid.orientation[::-1]] for index in found])
        size_mm = (edges[1] - edges[0]) * grid.spacing_mm
        np.testing.assert_allclose(size_mm, np.ptp(centres, axis=0) + grid.spacing_mm, atol=0.01)


def test_the_confidence_is_the_mean_probability_of_blood():
    grid = make_grid()
    label_map = labelled(grid)
    label_map.labels[2, 3:5, 1:3] = Subtype.SAH
    blood = np.zeros(grid.shape, dtype=np.uint8)
    blood[2, 3, 1:3], blood[2, 4, 1:3] = 255, 153
    (box,) = lesion_boxes(label_map, blood)
    assert box.confidence == 0.8
    assert lesion_boxes(labelled(grid)) == ()


def test_a_margin_goes_to_all_sides_of_the_plane():
    grid = make_grid(rows=20, columns=20)
    box = box_around(np.ones((1, 2, 2), dtype=bool), (1, 8, 9), grid, "EDH")
    assert box.enlarged(grid, 1.0).voxels(grid).region == (slice(1, 2), slice(6, 12), slice(7, 13))


@pytest.mark.parametrize(
    ("change", "code", "parameters"),
    [
        ({"slices": (2, 9)}, "core.box_beyond_slices", {"slice": 10, "slices": 5}),
        (
            {"from_lps_mm": (200, 200, 0), "to_lps_mm": (210, 210, 0)},
            "core.box_outside_image",
            {"subtype": "IPH", "first": 1, "last": 2},
        ),
    ],
)
def test_a_box_outside_the_scan_is_refused(change, code, parameters):
    values = {"subtype": "IPH", "from_lps_mm": (-60, -70, 20), "to_lps_mm": (-58, -68, 25), "slices": (0, 1)}
    with raises(InputError, code, **parameters):
        LesionBox(**(values | change)).voxels(make_grid())


# Linking


def test_the_end_of_a_piece_is_its_last_pixel_plus_one():
    mask = np.zeros((6, 7), dtype=bool)
    mask[1:3, 2:5] = True
    mask[3, 5] = True  # touches by a corner
    mask[5, 0] = True
    assert plane_boxes(mask) == [(slice(1, 4), slice(2, 6)), (slice(5, 6), slice(0, 1))]


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_boxes_of_neighbouring_slices_become_one_lesion(grid):
    mask = np.zeros(grid.shape, dtype=bool)
    mask[1:4, 2:6, 1:4] = True
    parts = [
        SliceBox(number, (rows.start, rows.stop), (columns.start, columns.stop), "IPH", 0.5 + number / 10)
        for number in (1, 2, 3)
        for rows, columns in plane_boxes(mask[number])
    ]
    (box,) = link_boxes(parts, grid)
    assert box == box_around(mask[1:4], (1, 0, 0), grid, "IPH", 0.8)


def test_other_subtypes_places_and_far_slices_stay_apart():
    grid = make_grid(rows=30, columns=30, steps_mm=(5.0,) * 9)
    one = SliceBox(0, (2, 8), (2, 8), "IPH", 0.9)
    others = [
        SliceBox(1, (2, 8), (2, 8), "IVH", 0.8),  # another subtype
        SliceBox(1, (7, 13), (7, 13), "IPH", 0.7),  # shares one pixel of 36
        SliceBox(3, (2, 8), (2, 8), "IPH", 0.6),  # two slices between
    ]
    assert [box.confidence for box in link_boxes([one, *others], grid)] == [0.9, 0.8, 0.7, 0.6]
    across = SliceBox(2, (3, 9), (3, 9), "IPH", 0.5)  # one slice between, to both sides
    boxes = link_boxes([one, *others, across], grid)
    assert [(box.confidence, box.slices) for box in boxes] == [(0.9, (0, 3)), (0.8, (1, 1)), (0.7, (1, 1))]
    assert link_boxes([], grid) == ()


def test_an_unsure_box_without_another_one_above_or_below_is_dropped():
    grid = make_grid(rows=70, columns=70, steps_mm=(5.0,) * 9)
    pair = [SliceBox(number, (10, 20), (10, 20), "IPH", 0.45) for number in (1, 2)]
    unsure, sure = (SliceBox(2, (10, 20), (left, left + 5), "SAH", score) for left, score in ((40, 0.5), (60, 0.6)))
    boxes = link_boxes([*pair, unsure, sure], grid, lone_threshold=0.55)
    assert [(box.subtype, box.confidence, box.slices) for box in boxes] == [("SAH", 0.6, (2, 2)), ("IPH", 0.45, (1, 2))]
    assert len(link_boxes([*pair, unsure, sure], grid)) == 3


# The file


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_boxes_are_clipped_to_the_image(grid):
    rows, columns = grid.shape[1:]
    reaching = [SliceBox(number, (-9.5, 2.5), (1.0, columns + 8.0), "SDH") for number in range(3)]
    outside = [SliceBox(number, (rows + 20.0, rows + 30.0), (0.0, 3.0), "SAH") for number in range(3)]
    sliver = [SliceBox(1, (-4.0, 0.3), (0.0, 3.0), "IPH")]  # touches pixels but holds the centre of none
    (box,) = link_boxes([*reaching, *outside, *sliver], grid)
    first, last = (box.model_copy(update={"slices": (number, number)}).voxels(grid) for number in (0, 2))
    assert box.subtype == "SDH"
    for found in (first, last):
        assert found.region[2] == slice(1, columns)
        assert found.region[1].start == 0
    offsets = in_plane(grid, grid.positions_mm[:3]) - 0.5
    edges = box.edges(grid)
    np.testing.assert_allclose(edges[0], [offsets[:, 0].min(), offsets[:, 1].min() + 1], atol=0.01)
    np.testing.assert_allclose(edges[1], [2.5 + offsets[:, 0].max(), offsets[:, 1].max() + columns], atol=0.01)


def test_what_is_written_is_read(tmp_path):
    grid = make_grid(tilt_deg=18.5)
    boxes = (box_around(np.ones((2, 3, 3), dtype=bool), (1, 2, 1), grid, "IVH", 0.25),)
    write_boxes(tmp_path / "boxes.json", boxes, grid)
    content = read_boxes(tmp_path / "boxes.json")
    assert content == BoxFile(schema_version=1, scan_slices=5, boxes=boxes)
    assert boxes_on(content, grid) == boxes
    assert json.loads((tmp_path / "boxes.json").read_text())["schema"] == 1


def test_the_boxes_of_another_scan_are_refused(tmp_path):
    write_boxes(tmp_path / "boxes.json", (), make_grid())
    with raises(InputError, "io.boxes_of_other_scan", expected=5, slices=4):
        boxes_on(read_boxes(tmp_path / "boxes.json"), make_grid(steps_mm=(5.0,) * 3))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("{", "the whole file"),
        ('{"schema": 2, "boxes": []}', "schema"),
        ('{"schema": 1, "boxes": [{"subtype": "IPX"}]}', "boxes.0.subtype"),
    ],
)
def test_a_file_that_is_not_one_of_boxes_is_refused_with_the_field(tmp_path, content, place):
    (tmp_path / "boxes.json").write_text(content)
    with raises(InputError, "io.boxes_not_valid", path=tmp_path / "boxes.json", place=place):
        read_boxes(tmp_path / "boxes.json")


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": 1.1},
        {"slices": (3, 2)},
        {"slices": (-1, 2)},
        {"from_lps_mm": (0, float("nan"), 0)},
        {"colour": 1},
    ],
)
def test_a_box_that_contradicts_itself_is_refused(change):
    values = {"subtype": "IPH", "from_lps_mm": (0, 0, 0), "to_lps_mm": (1, 1, 1), "slices": (0, 1)}
    with pytest.raises(ValidationError):
        LesionBox(**(values | change))
