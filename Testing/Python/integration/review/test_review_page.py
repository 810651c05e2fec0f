# SPDX-License-Identifier: Apache-2.0
"""The review page in a real browser: what it shows."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pypdfium2
import pytest
from builders.browser import NO_WEBGL, SHOWN_ML, Opened, near_colour
from builders.label_maps import ellipsoid_mask, labelled
from builders.requirements import shared_data_folder
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.rendering.key_slice_pictures import draw_key_slices
from ICHSegmentationLib.rendering.surfaces import blood_surface

IPH, IVH = (load_terminology().by_id(name).color for name in ("IPH", "IVH"))
GREYS = """() => {
  const { view, hu, editor } = reviewPage, { data } = view.raster.greys.image, start = view.cursor.slice * editor.area;
  return [0, 30, 60, 900].map((value) => data[4 * hu.subarray(start, start + editor.area).indexOf(value)] ?? null);
}"""
AT_CURSOR = """() => {
  const { view, editor, content } = reviewPage;
  return editor.labels[view.cursor.slice * editor.area + view.cursor.y * content.scan.width + view.cursor.x];
}"""
EVEN = """() => {
  const { labels, grid } = reviewPage.planes, sums = {};
  labels.forEach((label, index) => {
    if (!label) return;
    const [a, b] = [grid.size[0], grid.size[0] * grid.size[1]];
    const at = grid.pointMm([index % a, Math.floor((index % b) / a), Math.floor(index / b)]);
    const sum = (sums[label] ??= { count: 0, sum: [0, 0, 0], low: [...at], high: [...at] });
    sum.count += 1;
    at.forEach((value, axis) => {
      sum.sum[axis] += value;
      sum.low[axis] = Math.min(sum.low[axis], value);
      sum.high[axis] = Math.max(sum.high[axis], value);
    });
  });
  return sums;
}"""


def show_lesion(page: Opened, number: int) -> None:
    page.page.locator("#lesions .jump").nth(number).click()
    page.frames()


def test_it_opens_from_the_disk_and_asks_for_nothing(a_page, a_result):
    own = a_result.page.as_uri()
    assert own in a_page.requests
    assert [url for url in a_page.requests if url != own and not url.startswith(("data:", "blob:"))] == []
    # What the policy of the page forbids would be a complaint.
    assert a_page.complaints == []
    assert a_page.page.title() == "Review of a hemorrhage segmentation"
    assert "Research use only" in a_page.page.inner_text("header")


def test_all_views_are_drawn(a_page):
    show_lesion(a_page, 0)
    slice_, planes, solid = (a_page.pixels(f"#{name}") for name in ("slice", "planes", "solid"))
    middle = len(planes) // 2
    for view in (slice_, planes[:middle], planes[middle:]):
        assert near_colour(view, IPH).sum() > 50
        # The brain of 30 HU in the window of 0 to 80 HU.
        assert (np.abs(view.astype(int) - 96).max(axis=-1) < 25).mean() > 0.1
    # In 3D the colours are shaded, and the skull is grey around them.
    red = (solid[..., 0].astype(int) - solid[..., 1]) > 60
    assert red.sum() > 50
    assert (solid.max(axis=-1) > 20).mean() > 0.1


def test_left_is_left_in_page_picture_and_labels(a_page, a_result):
    """The IPH is on the patient's left, so on the right of every axial and coronal picture."""
    show_lesion(a_page, 0)
    slice_, planes = a_page.pixels("#slice"), a_page.pixels("#planes")
    coronal = planes[: len(planes) // 2]
    case = a_result.case
    assert a_page.evaluate("reviewPage.content.scan.sides") == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    for view in (slice_, coronal):
        outline = near_colour(view, IPH)
        assert np.nonzero(outline)[1].mean() > view.shape[1] / 2 + 10
    for picture in draw_key_slices(case.scan(), case.label_map, case.measurements):
        panel = near_colour(np.asarray(picture.picture)[130:-40], IPH)
        assert not panel.any() or np.nonzero(panel)[1].mean() > panel.shape[1] / 2 + 20
    image = nibabel.load(a_result.folder / "labels.nii.gz")
    places = nibabel.affines.apply_affine(image.affine, np.argwhere(np.asarray(image.dataobj) == 4))
    assert places[:, 0].mean() < -15  # RAS: the left is negative
    even = a_page.evaluate(EVEN)["4"]
    assert even["sum"][0] / even["count"] > 15  # LPS: the left is positive


def test_left_is_left_in_the_report(a_result, tmp_path):
    """Of the same lesion on either side, the left one lies further to the right of the page: legends are equal."""
    case, middles = a_result.case, {}
    grid = case.label_map.grid
    for side, x in (("left", CLOT_CENTRE_MM[0]), ("right", -CLOT_CENTRE_MM[0])):
        mask = ellipsoid_mask(grid, (x, *CLOT_CENTRE_MM[1:]), CLOT_RADII_MM)
        run = replace(case.result, label_map=labelled(grid, (Subtype.IPH, mask)))
        Exporter(CaseResult.of(run)).write({ExportFormat.pdf: tmp_path / f"{side}.pdf"})
        with pypdfium2.PdfDocument(tmp_path / f"{side}.pdf") as document:
            page = np.asarray(document[0].render(scale=2).to_pil().convert("RGB"))
        middles[side] = np.nonzero(near_colour(page, IPH))[1].mean()
    assert middles["left"] > middles["right"] + 10


def test_the_window_buttons_change_the_greys(a_page):
    show_lesion(a_page, 0)
    for name, centre, width in (("bone", 500, 2500), ("subdural", 75, 215), ("brain", 40, 80)):
        a_page.page.click(f"#windows button[data-window={name}]")
        a_page.frames()
        assert a_page.page.inner_text("#window-text") == f"W {width} L {centre} HU"
        greys = [np.clip((hu - centre + width / 2) * 255 / width, 0, 255) for hu in (0, 30, 60, 900)]
        found = a_page.evaluate(GREYS)
        assert found[1:] == pytest.approx(greys[1:], abs=1)


def test_a_lesion_is_jumped_to(a_page, a_result):
    lesions = a_result.case.measurements.lesions
    for number, lesion in enumerate(lesions):
        show_lesion(a_page, number)
        cursor = a_page.evaluate("reviewPage.view.cursor")
        label = a_page.evaluate(AT_CURSOR)
        assert lesion.slices[0] <= cursor["slice"] <= lesion.slices[1]
        assert load_terminology().by_id(lesion.subtype).label == label
        assert f"Slice {cursor['slice'] + 1} of 28" in a_page.page.inner_text("#slice-text")


def test_slices_have_their_true_positions(a_page, a_result):
    grid = a_result.case.label_map.grid
    along = np.concatenate(([0.0], np.cumsum(grid.slice_distances_mm)))
    assert a_page.evaluate("reviewPage.distances") == pytest.approx(along, abs=1e-4)
    assert "tilted by 18.5 deg, unevenly spaced" in a_page.page.inner_text("#plane")
    assert "resampled" in a_page.page.inner_text("#planes-view figcaption")


def test_volumes_and_texts_are_those_of_the_result(a_page, a_result):
    shown = a_page.evaluate(SHOWN_ML)
    volumes_ml = a_result.case.measurements.volumes_ml
    assert {name: shown[name] for name in volumes_ml} == pytest.approx(volumes_ml, abs=1e-6)
    texts = a_page.page.inner_text("aside")
    assert "The slices are tilted by 18.5 deg" in texts
    assert "model bright (transhardnet, compact)" in texts
    assert "R, the patient's right, is on the left" in a_page.page.inner_text("#slices")


def test_resampled_labels_lie_where_the_slices_put_them(a_page, a_result):
    even = a_page.evaluate(EVEN)
    for lesion in a_result.case.measurements.lesions:
        part = even[str(load_terminology().by_id(lesion.subtype).label)]
        assert np.array(part["sum"]) / part["count"] == pytest.approx(lesion.centroid_lps_mm, abs=0.4)
        assert part["count"] / 1000 == pytest.approx(lesion.volume_ml, rel=0.1)


def test_the_skin_is_shown_only_when_it_is_asked_for(a_page):
    assert not a_page.page.is_checked("#skin")
    assert "can show the face" in a_page.page.inner_text("#solid-view")
    without = a_page.pixels("#solid").mean()
    a_page.page.check("#skin")
    a_page.frames()
    assert a_page.pixels("#solid").mean() > 1.3 * without
    a_page.page.uncheck("#skin")


def test_without_webgl2_it_says_so_and_shows_key_slices(open_page):
    page = open_page()
    assert "no WebGL2" in page.page.inner_text("#notice")
    pictures = page.page.locator("#key-slices img")
    assert pictures.count() == 6
    assert near_colour(page.pixels("#key-slices"), IPH).sum() > 20
    assert near_colour(page.pixels("#planes"), IPH).sum() > 20
    assert page.complaints == []


def test_it_fits_a_narrow_screen(open_page):
    page = open_page(width=800)
    assert page.evaluate("document.documentElement.scrollWidth") <= 800
    assert page.pixels("#slice").shape[1] > 300


@pytest.mark.slow
def test_the_tilted_scan_is_sheared_as_in_the_picture_in_3d(a_browser, tmp_path):
    from vtkmodules.util.numpy_support import vtk_to_numpy

    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.export.case import CaseResult
    from ICHSegmentationLib.export.exporter import Exporter
    from ICHSegmentationLib.export.formats import ExportFormat
    from ICHSegmentationLib.io.reader import read_ct
    from ICHSegmentationLib.measurement.measure import measure

    volume = read_ct(shared_data_folder() / "ge-head-ct")
    middle = volume.grid.points_mm(np.array(volume.grid.shape) / 2)
    labels = np.where(ellipsoid_mask(volume.grid, tuple(middle), (30, 10, 50)), np.uint8(4), np.uint8(0))
    label_map = LabelMap(labels, volume.grid)
    path = tmp_path / "review.html"
    Exporter(CaseResult(label_map=label_map, measurements=measure(label_map), volume=volume)).write(
        {ExportFormat.html: path}
    )
    page = Opened(a_browser, path, NO_WEBGL)
    even = page.evaluate(EVEN)["4"]
    page.close()
    points = vtk_to_numpy(blood_surface(labels == 4, (0, 0, 0), volume.grid).GetPoints().GetData())
    assert even["low"] == pytest.approx(points.min(axis=0), abs=2.5)
    assert even["high"] == pytest.approx(points.max(axis=0), abs=2.5)
