# SPDX-License-Identifier: Apache-2.0
"""``ichseg prepare`` from a downloaded set to a folder that nnU-Net reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.command import Command
from builders.public_sets import write_ct_ich

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.research.training.datasets.prepare import SET_NAMES


@pytest.fixture
def a_ct_ich(tmp_path: Path) -> Path:
    return write_ct_ich(tmp_path / "ct-ich", {49: ["P", "PV", "", ""], 50: ["D", "", "", ""]}, outlined=[0, 1])


def test_it_writes_the_set_and_says_what_is_in_it(a_command: Command, a_ct_ich: Path, tmp_path: Path):
    output = tmp_path / "Dataset501_CTICH"
    done = a_command("prepare", "ct-ich", a_ct_ich, "--output", output, "--folds", 2)
    assert done.code == 0, done.err
    assert f"2 cases of 2 patients in {output}" in done.out
    assert "    1 with IPH" in done.out
    assert "    1 slices of several subtypes" in done.out
    assert "PhysioNet Restricted Health Data License" in done.out
    assert {path.name for path in output.iterdir()} == {
        "imagesTr",
        "labelsTr",
        "dataset.json",
        "sources.json",
        "splits_final.json",
    }


def test_json_is_what_sources_json_holds(a_command: Command, a_ct_ich: Path, tmp_path: Path):
    done = a_command("prepare", "ct-ich", a_ct_ich, "-o", tmp_path / "out", "--folds", 2, "--seed", 5, "--json")
    assert json.loads(done.out) == json.loads((tmp_path / "out" / "sources.json").read_text())
    assert json.loads(done.out)["seed"] == 5


def test_a_case_left_out_is_a_warning(a_command: Command, a_ct_ich: Path, tmp_path: Path):
    write_ct_ich(a_ct_ich, {number: ["P", "", "", ""] for number in (49, 50, 51)}, outlined=[0])
    (a_ct_ich / "ct_scans" / "051.nii").write_bytes(b"cut off")
    done = a_command("prepare", "ct-ich", a_ct_ich, "-o", tmp_path / "out", "--folds", 2)
    assert done.code == 0
    assert "warning: ct-ich-051 was left out: " in done.err


@pytest.mark.parametrize("name", SET_NAMES)
def test_an_empty_folder_is_refused_in_one_sentence(a_command: Command, tmp_path: Path, name: str):
    done = a_command("prepare", name, tmp_path, "-o", tmp_path / "out")
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert str(tmp_path) in done.err
    assert not (tmp_path / "out").exists()


def test_an_unknown_set_is_bad_input(a_command: Command, tmp_path: Path):
    done = a_command("prepare", "rsna", tmp_path, "-o", tmp_path / "out")
    assert done.code == 2
    assert "ct-ich" in done.err


def test_more_folds_than_patients_are_refused_before_any_file_is_written(
    a_command: Command, a_ct_ich: Path, tmp_path: Path
):
    done = a_command("prepare", "ct-ich", a_ct_ich, "-o", tmp_path / "out")
    assert (done.code, done.out) == (2, "")
    assert message("research.too_few_patients", patients=2, folds=5) in done.err
    assert not (tmp_path / "out").exists()
