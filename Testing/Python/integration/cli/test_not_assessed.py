# SPDX-License-Identifier: Apache-2.0
"""A scan that was not assessed is called so in every file and on the screen, and nowhere negative."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NamedTuple

import pydicom
import pypdfium2
import pytest
from builders.command import Outcome, ichseg
from builders.turned_scans import upside_down

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.dicom import sr_codes
from ICHSegmentationLib.research.simulation import simulated_ct
from ICHSegmentationLib.research.simulation.dicom_series import write_dicom_series

pytestmark = pytest.mark.slow

NOT_ASSESSED = message("export.not_assessed")
FIRST_WORDS = "Not assessed: the head is tilted"


class _Run(NamedTuple):
    scan: Path
    results: Path
    done: Outcome


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> _Run:
    """The results of a healthy head that lies upside down in its slices."""
    folder = tmp_path_factory.mktemp("not-assessed")
    head = simulated_ct(4, shape=(30, 112, 112), spacing_mm=(5.0, 2.0, 2.0)).volume
    write_dicom_series(folder / "scan", upside_down(head), seed=1)
    done = ichseg("segment", folder / "scan", "--output", folder / "out", "--model", "em")
    return _Run(folder / "scan", folder / "out", done)


def test_the_screen_says_so_and_the_files_are_written(a_run: _Run):
    assert a_run.done.code == 0, a_run.done.err
    assert a_run.done.out.startswith(NOT_ASSESSED)
    assert FIRST_WORDS in a_run.done.err
    assert "No hemorrhage" not in a_run.done.out


def test_the_record_says_so(a_run: _Run):
    record = json.loads((a_run.results / "measurements.json").read_text())
    assert record["assessed"] is False
    assert record["case_decision"] is None
    assert any(warning.startswith(FIRST_WORDS) for warning in record["input"]["warnings"])


def test_the_table_leaves_presence_open(a_run: _Run):
    with (a_run.results / "measurements.csv").open() as file:
        present = {row["subtype"]: row["present"] for row in csv.DictReader(file)}
    assert present["EDH"] == present["IPH"] == ""
    assert "no" not in present.values()


def test_the_report_s_page_says_so(a_run: _Run):
    page = pypdfium2.PdfDocument(a_run.results / "report.pdf")[0]
    text = " ".join(page.get_textpage().get_text_bounded().split())
    assert "Not assessed: see the warnings." in text
    assert "No hemorrhage" not in text


def test_the_structured_report_leaves_presence_undetermined(a_run: _Run):
    dataset = pydicom.dcmread(a_run.results / "measurements.dcm")
    answers, comments = [], []

    def walk(items: pydicom.Sequence) -> None:
        for item in items:
            name = item.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in item else ""
            if name == sr_codes.PRESENCE.value and "ConceptCodeSequence" in item:
                answers.append(item.ConceptCodeSequence[0].CodeValue)
            comments.append(str(item.get("TextValue", "")))
            walk(item.get("ContentSequence", []))

    walk(dataset.ContentSequence)
    assert answers
    assert set(answers) <= {sr_codes.UNDETERMINED.value, sr_codes.PRESENT.value}
    assert NOT_ASSESSED in comments


@pytest.mark.parametrize("kind", ["fhir", "text"])
def test_later_exports_say_so(a_run: _Run, kind: str, tmp_path: Path):
    done = ichseg("export", a_run.results / "segmentation.seg.nrrd", "--to", kind, "--output", tmp_path / kind)
    assert done.code == 0, done.err
    text = (tmp_path / kind).read_text()
    assert "Not assessed: see the warnings." in text
    assert "No hemorrhage" not in text
    if kind == "fhir":
        observations = [one["resource"] for one in json.loads(text)["entry"]]
        findings = [one for one in observations if one["resourceType"] == "Observation" and "code" in one]
        assert not any(one.get("valueBoolean") is False for one in findings)
        assert sum("dataAbsentReason" in one for one in findings) >= 5


@pytest.mark.parametrize("command", ["measure", "compare"])
def test_later_commands_warn(a_run: _Run, command: str):
    labels = a_run.results / "segmentation.seg.nrrd"
    done = ichseg(command, labels, *([labels] if command == "compare" else []))
    assert done.code == 0, done.err
    assert message("export.labels_not_assessed", path=labels) in " ".join(done.err.split())


@pytest.mark.parametrize("scans", [False, True])
def test_it_is_not_compared(a_run: _Run, tmp_path: Path, *, scans: bool):
    cts = ("--baseline-ct", a_run.scan, "--followup-ct", a_run.scan) if scans else ()
    done = ichseg("compare", a_run.results, a_run.results, *cts, "--output", tmp_path / "change")
    assert done.code == 0, done.err
    reason = "The scans could not be compared (not assessed: baseline, follow-up)"
    assert reason in done.out
    assert "Expansion" not in done.out
    found = json.loads((tmp_path / "change" / "comparison.json").read_text())
    assert found["not_compared"].startswith(reason)
    assert (found["expansion"]["met"], found["revised_expansion"]["met"]) == (None, None)
    assert found["changes"]["total"]["change_ml"] is None

    labels = a_run.results / "segmentation.seg.nrrd"
    growth = ("--growth", tmp_path / "change" / "comparison.json")
    exported = ichseg("export", labels, "--to", "text", "--output", tmp_path / "text", *growth)
    assert exported.code == 0, exported.err
    assert reason in (tmp_path / "text").read_text()


def test_the_table_of_a_cohort_says_so(a_run: _Run, tmp_path: Path):
    (tmp_path / "list.csv").write_text(f"path,id,baseline_of\n{a_run.scan},early,late\n{a_run.scan},late,\n")
    done = ichseg("cohort", tmp_path / "list.csv", "--output", tmp_path / "cohort", "--model", "em")
    assert done.code == 0, done.err
    rows = list(csv.DictReader((tmp_path / "cohort" / "cohort.csv").open()))
    cases = [row for row in rows if row["row"] == "case"]
    assert [(row["assessed"], row["decision"]) for row in cases] == [("no", ""), ("no", "")]
    (pair,) = [row for row in rows if row["row"] == "pair"]
    assert (pair["state"], pair["assessed"], pair["growth_ml"], pair["expansion"]) == ("done", "no", "", "")
