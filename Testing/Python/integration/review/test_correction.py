# SPDX-License-Identifier: Apache-2.0
"""Corrections and verdicts on the review page, in a real browser, and in the commands that take them."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pydicom
import pytest
from builders.browser import SHOWN_ML
from builders.command import ichseg
from builders.errors import raises
from builders.grids import make_grid

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.review import read_review
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

LABELS = """() => {
  const sum = {};
  for (const label of reviewPage.editor.labels) sum[label] = (sum[label] ?? 0) + 1;
  return sum;
}"""
CHECKSUM = "() => reviewPage.editor.labels.reduce((sum, label) => (Math.imul(sum, 31) + label) | 0, 7)"
VOLUME = "Number(document.querySelector('[data-volume={}]').dataset.ml)"
NO_DRAFTS = "Object.defineProperty(globalThis, 'indexedDB', { get: () => { throw new Error('refused'); } });"


def paint(page, subtype: Subtype = Subtype.SDH) -> None:
    """Draw one stroke of the brush in the brain, with the mouse."""
    page.page.select_option("#subtype", str(int(subtype)))
    page.page.locator("#slice").focus()
    page.page.keyboard.press("b")
    box = page.page.locator("#slice").bounding_box()
    x, y = box["x"] + 0.42 * box["width"], box["y"] + 0.4 * box["height"]
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 20, y + 30, steps=4)
    page.page.mouse.up()
    page.page.keyboard.press("v")
    page.frames()


def test_a_stroke_changes_the_volume_by_its_voxels_and_is_undone(open_page, a_result):
    page = open_page()
    before = page.evaluate(LABELS)
    original = page.evaluate(CHECKSUM)
    slice_ = page.evaluate("reviewPage.view.cursor.slice")
    paint(page)

    after = page.evaluate(LABELS)
    voxels = after["2"]
    assert "2" not in before
    assert voxels > 10
    voxel_ml = a_result.case.label_map.grid.voxel_volumes_mm3[slice_] / 1000
    assert page.evaluate(VOLUME.format("SDH")) == pytest.approx(voxels * voxel_ml, abs=1e-9)
    assert page.page.inner_text("#lesions").count("SDH ") >= 1

    page.page.click("#undo")
    assert page.evaluate(CHECKSUM) == original
    assert page.evaluate(VOLUME.format("total")) == pytest.approx(
        a_result.case.measurements.volumes_ml["total"], abs=1e-6
    )
    page.page.keyboard.press("Control+y")
    assert page.evaluate(LABELS) == after


def test_the_saved_file_measures_what_the_page_shows(open_page, a_result, tmp_path):
    page = open_page()
    paint(page)
    # The IVH is named EDH, and what is painted last takes the voxels of what lay there.
    page.page.locator("#lesions select").last.select_option(str(int(Subtype.EDH)))
    shown = page.evaluate(SHOWN_ML)
    saved = page.download(lambda: page.page.click("#save-labels"), tmp_path)

    assert saved.name == "labels.nii.gz"
    alone = ichseg("measure", saved, "--json")
    assert alone.code == 0, alone.err
    content = json.loads(alone.out)
    assert content["warnings"] == []
    assert content["volumes_ml"] == pytest.approx(shown, abs=1e-6)
    assert shown["SDH"] > 0.1
    with_scan = read_labels(saved, read_ct(a_result.scan).grid)
    assert measure(with_scan.label_map).volumes_ml == pytest.approx(shown, abs=1e-6)
    # Voxel by voxel: only what was painted differs from the labels of the result.
    before, after = a_result.case.label_map.labels, with_scan.label_map.labels
    changed = before != after
    assert set(np.unique(after[changed])) <= {Subtype.SDH, Subtype.EDH}
    assert (before[changed & (after == Subtype.EDH)] == Subtype.IVH).all()
    assert page.evaluate("document.getElementById('verdict').elements.verdict.value") == "corrected"


def test_a_correction_is_not_laid_on_another_scan(open_page, tmp_path):
    page = open_page()
    saved = page.download(lambda: page.page.click("#save-labels"), tmp_path)
    other = make_grid(rows=110, columns=100, steps_mm=[5.0] * 27)
    with raises(InputError, "io.other_slices", path=saved):
        read_labels(saved, other)

    content = gzip.decompress(saved.read_bytes())
    place = content.index(b'"slice_positions_lps_mm":[[') + len(b'"slice_positions_lps_mm":[[')
    changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    saved.write_bytes(gzip.compress(changed))
    with raises(InputError, "io.label_grid_damaged", name=saved.name):
        read_labels(saved)


def test_unsaved_work_survives_a_reload_until_it_is_saved(open_page, tmp_path):
    page = open_page()
    page.page.fill("textarea[name=comment]", "thin rim")
    paint(page)
    page.page.get_by_text("this browser keeps your work").wait_for()
    after = page.evaluate(LABELS)
    asked = []
    page.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.page.reload()
    page.wait()

    assert asked == ["beforeunload"]
    assert page.evaluate(LABELS) == after
    assert page.page.input_value("textarea[name=comment]") == "thin rim"
    assert "restored" in page.page.inner_text("#draft")
    page.page.keyboard.press("Control+z")
    assert "2" not in page.evaluate(LABELS)
    page.page.keyboard.press("Control+y")

    page.download(lambda: page.page.click("#save-labels"), tmp_path)
    page.download(lambda: page.page.click("#save-verdict"), tmp_path)
    page.page.locator("#saved", has_text="review.json").wait_for()
    assert page.page.inner_text("#draft") == ""
    page.page.reload()
    page.wait()
    assert asked == ["beforeunload"]
    assert "2" not in page.evaluate(LABELS)


def test_it_says_so_where_the_browser_keeps_nothing(open_page):
    page = open_page(NO_DRAFTS)
    assert "refuses to keep unsaved work" in page.page.inner_text("#draft")
    paint(page)
    assert page.evaluate(LABELS)["2"] > 10


def test_a_lesion_is_deleted_by_keyboard_alone(open_page):
    page = open_page()
    page.page.locator("#lesions .delete").first.focus()
    page.page.keyboard.press("Enter")
    assert "4" not in page.evaluate(LABELS)
    assert page.evaluate(VOLUME.format("IPH")) == 0
    # The cursor is moved and the brush is used without a pointer.
    page.page.locator("#slice").focus()
    start = page.evaluate("reviewPage.view.cursor")
    for key in ("Shift+ArrowRight", "Shift+ArrowDown", "ArrowUp", "b", "Space"):
        page.page.keyboard.press(key)
    end = page.evaluate("reviewPage.view.cursor")
    assert (end["x"] - start["x"], end["y"] - start["y"], end["slice"] - start["slice"]) == (1, 1, 1)
    label = page.evaluate("Number(document.getElementById('subtype').value)")
    assert page.evaluate(LABELS)[str(label)] > 3


def test_the_verdict_is_saved_and_taken_by_the_commands(open_page, a_result, tmp_path):
    page = open_page()
    page.page.locator("#slice").focus()
    for key in ("a", "Shift+Digit4"):
        page.page.keyboard.press(key)
    page.page.fill("textarea[name=comment]", "rim at <the> vertex")
    saved = page.download(lambda: page.page.keyboard.press("Control+Enter"), tmp_path)
    assert saved.name == "review.json"
    content = json.loads(saved.read_text())
    assert content["verdict"] == "accept"
    assert content["corrected"] == []

    labels = a_result.folder / "segmentation.seg.nrrd"
    done = ichseg("measure", labels, "--review", saved, "--json")
    assert done.code == 0, done.err
    review = json.loads(done.out)["review"]
    assert (review["verdict"], review["grade"], review["comment"]) == ("accept", 4, "rim at <the> vertex")
    report = tmp_path / "report.dcm"
    done = ichseg("export", labels, "--to", "dicom-seg", "--source", a_result.scan, "-o", tmp_path / "seg.dcm")
    assert done.code == 0, done.err
    (tmp_path / "measurements.json").write_bytes((a_result.folder / "measurements.json").read_bytes())
    done = ichseg(
        "export", tmp_path / "seg.dcm", "--to", "dicom-sr", "--source", a_result.scan, "--review", saved, "-o", report
    )
    assert done.code == 0, done.err
    values = [element.value for element in pydicom.dcmread(report).iterall()]
    assert "Verdict of the radiologist on the segmentation" in values
    assert "Accepted" in values
    assert "rim at <the> vertex" in values


def test_a_verdict_on_other_labels_is_refused(open_page, a_result, tmp_path):
    page = open_page()
    paint(page)
    page.page.keyboard.press("c")
    saved = page.download(lambda: page.page.click("#save-verdict"), tmp_path)
    content = json.loads(saved.read_text())
    assert content["corrected"] == ["SDH"]
    assert content["changed_ml"] == pytest.approx(content["volumes_ml"]["SDH"], rel=1e-6)
    case = a_result.case
    with raises(InputError, "export.review_of_other_labels", path=saved):
        read_review(saved, case.label_map, case.measurements.volumes_ml)
