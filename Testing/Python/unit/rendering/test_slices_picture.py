# SPDX-License-Identifier: Apache-2.0
"""The picture of the key slices: outlines in place, colours, marks and scale."""

from __future__ import annotations

import numpy as np
import pytest
from builders.label_maps import labelled
from PIL import Image, ImageDraw

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.rendering import slices_picture
from ICHSegmentationLib.rendering.drawing import draw_scale_bar, format_ml, legend_entries
from ICHSegmentationLib.rendering.outlines import outline_alpha
from ICHSegmentationLib.rendering.panels import PanelLayout
from ICHSegmentationLib.rendering.png import write_png
from ICHSegmentationLib.rendering.slices_picture import draw_slices

HEADER_PX = 66


def places_of(picture: Image.Image, identifier: str) -> np.ndarray:
    """Return (row, column) of the pixels below the legend that have nearly a subtype's colour."""
    colour = np.array(load_terminology().by_id(identifier).rgb, dtype=int)
    near = np.abs(np.asarray(picture).astype(int) - colour).max(axis=2) < 40
    near[:HEADER_PX] = False
    return np.argwhere(near)


def test_patients_left_is_on_the_right_of_every_panel(a_head_ct, a_label_map):
    picture = draw_slices(a_head_ct, a_label_map, measure(a_label_map))
    panel = picture.width / 3

    left_bleed, right_bleed = places_of(picture, "IPH"), places_of(picture, "SDH")
    assert len(left_bleed) > 200
    assert len(right_bleed) > 200
    assert (left_bleed[:, 1] % panel > panel / 2).all()
    assert (right_bleed[:, 1] % panel < panel / 2).all()


@pytest.mark.parametrize("flip", ["rows", "columns", "slices", "transpose"])
def test_storage_order_does_not_change_the_panels(a_head_ct, a_label_map, flip):
    grid = a_head_ct.grid
    if flip == "transpose":
        axes = (0, 2, 1)
        turned = SliceGrid(
            tuple(grid.shape[axis] for axis in axes), grid.positions_mm, grid.orientation[::-1], grid.spacing_mm[::-1]
        )
        hu, labels = a_head_ct.hu.transpose(axes), a_label_map.labels.transpose(axes)
    else:
        axis = {"slices": 0, "rows": 1, "columns": 2}[flip]
        far = [[index, 0, 0] for index in range(grid.shape[0])]
        orientation = grid.orientation.copy()
        if axis:
            far = [
                [index, *(grid.shape[axis] - 1 if a == axis else 0 for a in (1, 2))] for index in range(grid.shape[0])
            ]
            orientation[2 - axis] *= -1
        positions = grid.points_mm(np.array(far))
        turned = SliceGrid(grid.shape, positions if axis else positions[::-1], orientation, grid.spacing_mm)
        hu, labels = np.flip(a_head_ct.hu, axis), np.flip(a_label_map.labels, axis)
    volume = CTVolume(np.ascontiguousarray(hu), turned)
    label_map = LabelMap(np.ascontiguousarray(labels), turned)
    first = np.asarray(draw_slices(a_head_ct, a_label_map, measure(a_label_map)).convert("L"), dtype=int)
    second = np.asarray(draw_slices(volume, label_map, measure(label_map)).convert("L"), dtype=int)

    # Numbers of slices may differ, so compare the lower half of the first panel only.
    size = first.shape[0] // 2 - HEADER_PX
    panels = [
        picture[HEADER_PX + 60 : HEADER_PX + size - 40, 10 : picture.shape[1] // 3 - 20] for picture in (first, second)
    ]
    assert np.abs(panels[0] - panels[1]).mean() < 3
    assert panels[0].std() > 40


def test_no_blood_says_so_and_draws_no_outline(a_head_ct):
    empty = labelled(a_head_ct.grid)
    measurements = measure(empty)
    picture = draw_slices(a_head_ct, empty, measurements)

    assert legend_entries(measurements.volumes_ml)[0][1] == "No hemorrhage found"
    body = np.asarray(picture)[HEADER_PX:].astype(int)
    assert (body.max(axis=2) - body.min(axis=2)).max() == 0
    assert body.max() == 255


def test_panels_are_cropped_to_the_head(a_head_ct):
    rows, columns = PanelLayout.of(a_head_ct, 440).box

    assert (columns.stop - columns.start) * 1.5 == pytest.approx(2 * 78 + 16, abs=14)
    assert (rows.stop - rows.start) * 1.5 == pytest.approx(2 * 93 + 16, abs=20)


@pytest.mark.parametrize("turned", [False, True], ids=["as scanned", "rows and columns exchanged, reversed"])
def test_diameters_lie_where_they_were_measured(turned):
    """A clot of 40 x 20 mm, 30 mm to the left of the middle: the long line down, the short one across."""
    columns, rows = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    axes = np.stack([-rows, columns]) if turned else np.stack([columns, rows])
    first = np.array([-100.0, 100, 0]) if turned else np.array([-100.0, -100, 0])
    grid = SliceGrid((5, 201, 201), first + np.arange(5)[:, None] * [0, 0, 5.0], axes, (1.0, 1.0))
    indices = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    x, y, _ = np.moveaxis(grid.points_mm(indices), -1, 0)
    clot = ((x - 30) / 10) ** 2 + (y / 20) ** 2 <= 1
    clot[[0, 4]] = False
    hu = np.where(x**2 + y**2 <= 80**2, -100, -1000).astype(np.int16)
    volume, label_map = CTVolume(hu, grid), labelled(grid, (4, clot))
    layout = PanelLayout.of(volume, 440)
    measurements = measure(label_map)
    lines = slices_picture._diameters(measurements, grid, measurements.lesions[0].abc2.slice)
    panel = np.asarray(layout.draw(hu[1], np.zeros(grid.shape[1:], np.uint8), "", lines=lines)).astype(int)
    middle = layout.size[0] / 2
    # Between the marks of the sides and the scale bar only the two lines are bright.
    corner = 140, int(middle + 20)
    bright = np.add(np.argwhere(panel[corner[0] : 300, corner[1] : corner[1] + 130].min(axis=2) > 200), corner)

    assert slices_picture._diameters(measurements, grid, 4) == []
    assert np.ptp(bright, axis=0) * layout.pixel_mm == pytest.approx((40, 20), abs=1.5)
    assert (bright.mean(axis=0) - (layout.size[1] / 2, middle)) * layout.pixel_mm == pytest.approx((0, 30), abs=1.5)


def test_outline_lies_on_the_edge_and_leaves_the_inside_free():
    mask = np.zeros((40, 60), dtype=bool)
    mask[10:30, 20:50] = True
    alpha = outline_alpha(mask, (240, 160))

    assert alpha.shape == (160, 240)
    assert alpha[80, 140] == 0
    assert alpha[:36].max() == 0
    inside = np.argwhere(alpha > 0.5)
    assert inside.min(axis=0) == pytest.approx([40, 80], abs=1)
    assert inside.max(axis=0) == pytest.approx([119, 199], abs=1)


def test_outline_at_the_border_and_of_one_pixel_is_drawn():
    mask = np.zeros((20, 20), dtype=bool)
    mask[0, 0] = mask[12, 12] = True
    alpha = outline_alpha(mask, (80, 80))

    assert alpha[:4, :4].max() == 1
    assert alpha[48:52, 48:52].max() == 1
    assert outline_alpha(np.zeros((20, 20), dtype=bool), (80, 80)).max() == 0


@pytest.mark.parametrize(("pixel_mm", "length_mm"), [(0.5, 50), (0.41, 50)])
def test_scale_bar_has_the_length_it_states(pixel_mm, length_mm):
    image = Image.new("RGB", (300, 60))
    draw_scale_bar(ImageDraw.Draw(image), (290, 50), pixel_mm, length_mm)
    columns = np.flatnonzero(np.asarray(image)[50, :, 0] > 128)

    assert (columns[-1] - columns[0]) * pixel_mm == pytest.approx(length_mm, abs=1.5 * pixel_mm)


def test_scale_bar_and_its_label_are_seen_over_white():
    image = Image.new("RGB", (300, 60), "white")
    draw_scale_bar(ImageDraw.Draw(image), (290, 50), 0.5, 50)
    grey = np.asarray(image.convert("L"))

    dark = grey < 64
    assert dark[47:49, 195:285].any(axis=0).all()  # above the bar
    label = dark[25:43, 210:270]
    assert label.any(axis=0).sum() > 40
    assert (np.abs(grey[25:43, 210:270].astype(int) - 235)[label.any(axis=1)] < 5).any()  # the letters stay light


def test_legend_lists_what_is_there_and_the_total():
    texts = [text for _, text in legend_entries({"EDH": 0.0, "IPH": 12.34, "IVH": 0.02, "total": 12.36})]
    assert texts == [
        "IPH Intraparenchymal hemorrhage  12.3 mL", "IVH Intraventricular hemorrhage  < 0.1 mL", "Total  12.4 mL",
    ]  # fmt: skip


def test_legend_says_first_that_a_scan_was_not_assessed():
    texts = [text for _, text in legend_entries({"IPH": 12.34, "total": 12.34}, assessed=False)]
    assert texts == ["Not assessed", "IPH Intraparenchymal hemorrhage  12.3 mL"]


@pytest.mark.parametrize(
    ("volume_ml", "text"), [(0, "0.0 mL"), (0.049, "< 0.1 mL"), (0.05, "0.1 mL"), (81.28, "81.3 mL")]
)
def test_volumes_are_written_with_one_decimal(volume_ml, text):
    assert format_ml(volume_ml) == text


def test_png_holds_no_metadata(tmp_path, a_head_ct, a_label_map):
    write_png(tmp_path / "slices.png", draw_slices(a_head_ct, a_label_map, measure(a_label_map)))
    with Image.open(tmp_path / "slices.png") as picture:
        assert picture.info == {}
        assert picture.mode == "RGB"
