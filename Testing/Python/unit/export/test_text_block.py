# SPDX-License-Identifier: Apache-2.0
"""The text block follows its template, and a wrong template is named with its line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders.errors import raises
from builders.label_maps import labelled

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.export.record import MeasurementRecord, make_record
from ICHSegmentationLib.export.report.text_block import default_template, fill_template, load_template, placeholders
from ICHSegmentationLib.measurement import ich_score
from ICHSegmentationLib.measurement.measure import measure

pytestmark = pytest.mark.slow


@pytest.fixture
def a_record(a_result) -> MeasurementRecord:
    return make_record(a_result, measure(a_result.label_map, a_result.volume))


def test_the_default_template_says_what_was_found(a_record):
    text = fill_template(default_template(), a_record)
    volumes = a_record.volumes_ml

    assert (
        f"Intraparenchymal hemorrhage {volumes['IPH']:.1f} mL, intraventricular hemorrhage {volumes['IVH']:.1f} mL; "
        f"total {volumes['total']:.1f} mL.\n"
    ) in text
    assert "research use only" in text
    assert "SHA-256 c0ffee" in text
    assert "ICH score" not in text
    assert "\n\n" not in text


def test_every_placeholder_of_the_default_template_is_known(a_record):
    for name in placeholders(a_record):
        assert fill_template(f"x ${name}", a_record).startswith(("x", "\n"))


def test_every_placeholder_is_documented(a_record):
    guide = (Path(__file__).resolve().parents[4] / "docs" / "reports.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`\$([a-z_0-9]+)`", guide))
    assert documented == set(placeholders(a_record))


def test_a_line_is_left_out_when_all_its_placeholders_are_empty(a_record, a_result):
    template = "Total: $total_ml mL ($$)\n\nScore: $ich_score\nABC/2 and score: $abc2$ich_score\n"
    without = fill_template(template, a_record)
    lines = without.splitlines()
    assert lines[:2] == [f"Total: {a_record.volumes_ml['total']:.1f} mL ($)", ""]
    assert [line.split(":")[0] for line in lines[2:]] == ["ABC/2 and score"]

    scored = a_record.model_copy(update={"ich_score": ich_score(measure(a_result.label_map), gcs=14)})
    assert "Score: ICH score (spontaneous ICH only" in fill_template(template, scored)


def test_no_blood_is_said(a_result):
    empty = replace(a_result, label_map=labelled(a_result.volume.grid))
    record = make_record(empty, measure(empty.label_map))
    assert "No hemorrhage found.\n" in fill_template(default_template(), record)
    assert fill_template("$largest_lesion", record) == "\n"


@pytest.mark.parametrize(
    ("template", "code", "values"),
    [
        ("fine\n$patient_name", "export.unknown_placeholder", {"line": 2, "word": "patient_name"}),
        ("5 $ and more", "export.lone_dollar", {"line": 1}),
    ],
)
def test_a_wrong_template_is_refused_by_line(a_record, template, code, values):
    with raises(InputError, code, template="mine.txt", **values):
        fill_template(template, a_record, "mine.txt")


def test_the_user_s_own_template_comes_before_the_default_one(tmp_path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CONFIG", str(tmp_path))
    assert load_template() == (default_template(), "the default template")
    (tmp_path / "report.txt").write_text("Mine ä", encoding="utf-8")
    assert load_template() == ("Mine ä", str(tmp_path / "report.txt"))
    (tmp_path / "other.txt").write_text("Mine ä", encoding="latin-1")
    with raises(InputError, "export.unreadable_template", path=tmp_path / "other.txt"):
        load_template(tmp_path / "other.txt")
