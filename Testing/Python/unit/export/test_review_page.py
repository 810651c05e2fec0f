# SPDX-License-Identifier: Apache-2.0
"""The file of the review page: what is in it, and what is not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from ICHSegmentationLib import pipeline
from ICHSegmentationLib.core.resources import resource_path
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.review_page.page import PackedScan, make_review_page
from ICHSegmentationLib.export.review_page.template import data_text

HOSTILE = """</script><script>alert("1")</script> {{script}} <img src=x onerror=alert(2)> '"&"""


@pytest.fixture(scope="module")
def a_case(a_result) -> CaseResult:
    volume = CTVolume(a_result.volume.hu, a_result.volume.grid)
    return CaseResult.of(replace(a_result, volume=volume))


def test_hostile_texts_stay_text(a_case):
    record = a_case.record.with_warnings([HOSTILE])
    page = make_review_page(a_case, record, PackedScan.of(a_case), patient=HOSTILE)
    assert "alert(" not in page.replace(data_text(HOSTILE)[1:-1], "")
    assert page.count("<script") == page.count("</script>") == 5
    content = json.loads(re.search(r'id="content">([^<]*)</script>', page)[1])
    assert content["patient"] == HOSTILE
    assert HOSTILE in content["warnings"]


def test_the_policy_allows_the_own_scripts_only(a_case):
    page = make_review_page(a_case, a_case.record, PackedScan.of(a_case))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    parts = dict(part.split(" ", 1) for part in policy.replace("&#x27;", "'").split("; "))
    assert parts["default-src"] == "'none'"
    assert parts["img-src"] == "data: blob:"
    assert parts["connect-src"] == "data:"
    assert len(parts["script-src"].split()) == 2
    assert all(source.startswith("'sha256-") for source in parts["script-src"].split())
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"\son\w+=|style=\"", page.split("<script")[0])


def test_the_same_result_gives_the_same_page(a_case):
    pages = [make_review_page(a_case, a_case.record, PackedScan.of(a_case)) for _ in range(2)]
    assert pages[0] == pages[1]
    assert len(pages[0]) < 3_000_000


def test_a_run_writes_it_unless_it_is_not_wanted(a_case, tmp_path, monkeypatch):
    for name in ("_slices", "_view_3d"):
        monkeypatch.setattr(Exporter, name, {"_slices": _picture(), "_view_3d": (None, ())}[name])
    written = pipeline.write_results(a_case, tmp_path / "with").outputs
    assert written["review.html"].read_text().startswith("<!doctype html>")
    assert json.loads(_content(written["review.html"]))["model"] == "bright"
    assert "review.html" not in pipeline.write_results(a_case, tmp_path / "without", review=False).outputs
    assert not (tmp_path / "without" / "review.html").exists()


def test_labels_outside_the_head_are_kept(a_case):
    label_map = replace(a_case.label_map, labels=a_case.label_map.labels.copy())
    label_map.labels[3, 0, 0] = label_map.labels[5, -1, -1] = 2
    case = CaseResult.of(replace(a_case.result, label_map=label_map))
    scan = PackedScan.of(case).scan
    assert (scan.labels > 0).sum() == (label_map.labels > 0).sum()


def _content(path: Path) -> str:
    return re.search(r'id="content">([^<]*)</script>', path.read_text())[1]


def _picture():
    from PIL import Image

    return Image.new("RGB", (400, 400))


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "ground"),
        ("text", "panel"),
        ("muted", "ground"),
        ("muted", "panel"),
        ("warn", "ground"),
        ("warn", "panel"),
    ],
)
def test_texts_have_the_contrast_of_wcag_aa(text, ground):
    style = resource_path("Viewer", "case", "review.css").read_text(encoding="utf-8")
    light, dark = (_luminance(re.search(rf"--{name}: (#[0-9a-f]{{6}});", style)[1]) for name in (text, ground))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
