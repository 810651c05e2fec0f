# SPDX-License-Identifier: Apache-2.0
"""The page over many cases, in a real browser, and the table of the verdicts."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from builders.browser import Opened
from builders.command import ichseg
from builders.errors import raises
from PIL import Image

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.export.record import MeasurementRecord
from ICHSegmentationLib.io.grid_record import GridRecord
from ICHSegmentationLib.review.cases import find_cases
from ICHSegmentationLib.review.doubt import doubt_of

HOSTILE = "<img src=x onerror=alert(1)>"
COUNT = 500


def with_iph(record: MeasurementRecord, volume_ml: float, warnings: tuple[str, ...] = ()) -> MeasurementRecord:
    volumes_ml = {"EDH": 0.0, "SDH": 0.0, "SAH": 0.0, "IPH": volume_ml, "IVH": 0.0, "total": volume_ml}
    entry = record.input.model_copy(update={"warnings": warnings})
    return record.model_copy(update={"volumes_ml": volumes_ml, "input": entry})


@pytest.fixture(scope="module")
def a_cohort(a_result, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("cohort")
    for number in range(COUNT):
        folder = root / "cases" / f"case-{number:03d}"
        folder.mkdir(parents=True)
        record = with_iph(a_result.case.record, 2.0 + 0.1 * number if number else 30.0)
        (folder / "measurements.json").write_text(record.to_json())
    hostile = root / "cases" / HOSTILE
    hostile.mkdir()
    record = with_iph(a_result.case.record, 0.0, ("Odd scan.", HOSTILE)).model_copy(update={"assessed": False})
    (hostile / "measurements.json").write_text(record.to_json())
    (hostile / "review.html").write_text("page")
    Image.new("RGB", (400, 300), (200, 0, 0)).save(hostile / "slices.png")
    review = {
        "schema": 1,
        "result": "x",
        "grid": json.loads(GridRecord.of(a_result.case.label_map.grid).to_json()),
        "verdict": "reject",
        "grade": 2,
        "comment": "=1+1",
        "volumes_ml": {},
    }
    (root / "cases" / "case-007" / "review.json").write_text(json.dumps(review))
    (root / "cases" / "case-008" / "review.json").write_text("{}")
    return root


def test_doubt_is_what_is_not_assessed_then_borderline_then_warnings(a_result):
    record = a_result.case.record
    assert doubt_of(with_iph(record, 12.0)) == (0, ())
    assert doubt_of(with_iph(record, 12.0, ("A.", "B."))) == (2, ("2 warnings",))
    assert doubt_of(with_iph(record, 29.0)) == (10, ("IPH near 30 mL",))
    assert doubt_of(with_iph(record, 0.4)) == (10, ("small volume",))
    assert doubt_of(with_iph(record, 0.0).model_copy(update={"assessed": False})).points == 100


def test_a_folder_without_results_is_refused(tmp_path):
    with raises(InputError, "review.no_results", folder=tmp_path):
        find_cases(tmp_path)
    with raises(InputError, "review.no_folder", folder=tmp_path / "none"):
        find_cases(tmp_path / "none")


def test_500_cases_are_listed_and_filtered(a_browser, a_cohort):
    done = ichseg("review", a_cohort, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["cases"] == COUNT + 1
    assert json.loads(done.out)["verdicts"] == 1
    rows = list(csv.DictReader((a_cohort / "verdicts.csv").open()))
    assert len(rows) == COUNT + 1
    judged = next(row for row in rows if row["verdict"])
    assert (judged["id"], judged["verdict"], judged["grade"], judged["comment"]) == (
        "cases/case-007",
        "reject",
        "2",
        "'=1+1",
    )

    opened = Opened(a_browser, a_cohort / "review-index.html")
    page = opened.page
    lines = page.locator("#cases li")
    assert page.inner_text("#count") == "501 of 501 cases, 1 with a verdict"
    # Cases are made as they are asked for, the one of most doubt first; its name stays text.
    assert lines.count() == 60
    assert f"cases/{HOSTILE}" in lines.first.inner_text()
    assert "ichseg export" not in lines.first.inner_text()
    assert "ichseg export segmentation.seg.nrrd --to html --source SCAN" in lines.nth(1).inner_text()
    assert page.locator("li img").count() == 1
    assert page.locator("li img").evaluate("(picture) => picture.naturalWidth") == 200
    page.click("#more")
    assert lines.count() == 120

    page.select_option("select[name=verdict]", "reject")
    assert lines.count() == 1
    assert "case-007" in lines.first.inner_text()
    page.select_option("select[name=verdict]", "")
    page.fill("input[name=text]", "case-49")
    assert lines.count() == 10
    page.fill("input[name=least]", "51.25")
    assert page.inner_text("#count").startswith("7 of 501")
    page.select_option("select[name=order]", "volume")
    assert "case-499" in lines.first.inner_text()
    page.locator("#cases b").first.focus()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "cases/case-498"
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("data:", "file:"))] == []
    opened.close()
