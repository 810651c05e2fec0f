# SPDX-License-Identifier: Apache-2.0
"""Results as a BIDS derivative data set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ICHSegmentationLib.cohort.bids import entities, write_derivatives
from ICHSegmentationLib.cohort.jobs import Case, Outcome, State
from ICHSegmentationLib.cohort.ledger import Ledger


@pytest.mark.parametrize(
    ("case", "expected"),
    [("sub-01", "sub-01"), ("sub-01_ses-2_run-1", "sub-01_ses-2_run-1"), ("patient7", "sub-patient7")],
)
def test_entities_of_a_case(case: str, expected: str):
    assert entities(case) == expected


def test_ids_that_differ_in_dropped_letters_stay_apart():
    names = {entities(case) for case in ("a-b", "ab", "a_b", "a.b")}
    assert len(names) == 4
    assert all(name.removeprefix("sub-").isalnum() for name in names)


def test_segmented_scans_are_written(tmp_path: Path):
    cases = [Case(name, (Path("/x"),)) for name in ("sub-01_ses-1", "sub-02", "plain")]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.add(cases)
        for case in cases[:2]:
            folder = tmp_path / "cases" / case.id
            folder.mkdir(parents=True)
            (folder / "labels.nii.gz").write_bytes(case.id.encode())
            (folder / "measurements.json").write_text("{}")
            ledger.finish(Outcome(case.id, State.DONE), {})
        (tmp_path / "cases/sub-02/labels.json").write_text('{"positions": 1}')
        ledger.finish(Outcome("plain", State.FAILED, "Damaged."), {})
        root = write_derivatives(ledger, tmp_path)

    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()) == [
        ".bidsignore",
        "README",
        "dataset_description.json",
        "dseg.tsv",
        "sub-01/ses-1/anat/sub-01_ses-1_dseg.nii.gz",
        "sub-01/ses-1/anat/sub-01_ses-1_measurements.json",
        "sub-02/anat/sub-02_dseg.json",
        "sub-02/anat/sub-02_dseg.nii.gz",
        "sub-02/anat/sub-02_measurements.json",
    ]
    assert (root / "sub-02/anat/sub-02_dseg.nii.gz").read_bytes() == b"sub-02"
    description = json.loads((root / "dataset_description.json").read_text())
    assert (description["DatasetType"], description["GeneratedBy"][0]["Name"]) == ("derivative", "ICHSegmentation")
    lines = (root / "dseg.tsv").read_text().splitlines()
    assert lines[0] == "index\tname\tabbreviation"
    assert [line.split("\t")[::2] for line in lines[1:]] == [
        ["1", "EDH"],
        ["2", "SDH"],
        ["3", "SAH"],
        ["4", "IPH"],
        ["5", "IVH"],
        ["6", "ICH"],
    ]
