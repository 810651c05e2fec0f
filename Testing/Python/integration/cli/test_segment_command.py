# SPDX-License-Identifier: Apache-2.0
"""``ichseg segment``: options, outputs on the two streams, refusals. The library's part is a fake."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from builders.command import Command

from ICHSegmentationLib.cli.commands import segment
from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.export.result_files import RESULT_FILES

Calls = list[tuple[Any, ...]]

MEASUREMENTS = {
    "schema": 1,
    "volumes_ml": {"EDH": 0.0, "SDH": 0.0, "SAH": 0.0, "IPH": 12.34, "IVH": 0.4, "total": 12.74},
    "case_decision": None,
    "outputs": {"report.pdf": "out/report.pdf", "slices.png": "out/slices.png"},
}


@pytest.fixture
def the_calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Replace the library's part; the arguments of each call are kept."""
    calls: Calls = []

    def fake(inputs: Sequence[Path], output: Path, options: RunOptions, terminal: Terminal) -> dict[str, Any]:
        calls.append((list(inputs), output, options))
        terminal.warn(["The slices are tilted."])
        logging.getLogger("ICHSegmentationLib.rendering").warning("No GL library.")
        logging.getLogger("ICHSegmentationLib.rendering").warning("No GL library.")
        logging.getLogger("pydicom").warning("PatientName Doe^Jane")
        warnings.warn("Invalid value Doe^Jane", stacklevel=1)
        return MEASUREMENTS

    monkeypatch.setattr(segment, "segment_files", fake)
    return calls


def test_options_reach_the_library(a_command: Command, a_scan_file: Path, tmp_path: Path, the_calls: Calls):
    done = a_command(
        *("segment", a_scan_file, "--output", tmp_path / "out", "--model", "other", "--device", "cuda:1"),
        *("--runtime", "torch", "--series", "2", "--grey-window", -10, 90, "--force", "--no-cleaning", "--threads", 3),
        *("--boxes", tmp_path / "boxes.json"),
    )
    assert done.code == 0
    expected = RunOptions(
        model="other",
        device="cuda:1",
        runtime="torch",
        series="2",
        grey_window=(-10.0, 90.0),
        force=True,
        cleaning=False,
        threads=3,
        boxes=tmp_path / "boxes.json",
    )
    assert the_calls == [([a_scan_file], tmp_path / "out", expected)]


def test_defaults_leave_the_choice_to_the_library(
    a_command: Command, a_scan_file: Path, tmp_path: Path, the_calls: Calls
):
    a_command("segment", a_scan_file, a_scan_file, "-o", tmp_path / "out")
    assert the_calls == [([a_scan_file, a_scan_file], tmp_path / "out", RunOptions())]


@pytest.mark.usefixtures("the_calls")
def test_people_read_volumes_and_places_on_stdout_and_warnings_on_stderr(
    a_command: Command, a_scan_file: Path, tmp_path: Path
):
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out")
    assert "IPH        12.3\n" in done.out
    assert "total      12.7\n" in done.out
    assert "out/report.pdf" in done.out
    assert "Research use only" in done.out
    assert done.err == "warning: The slices are tilted.\nwarning: No GL library.\n"


@pytest.mark.usefixtures("the_calls")
def test_json_is_all_that_stdout_holds(a_command: Command, a_scan_file: Path, tmp_path: Path):
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out", "--json")
    assert json.loads(done.out) == MEASUREMENTS
    assert done.err.startswith("warning: ")


@pytest.mark.usefixtures("the_calls")
def test_quiet_shows_nothing(a_command: Command, a_scan_file: Path, tmp_path: Path):
    assert a_command("segment", a_scan_file, "--output", tmp_path / "out", "--quiet") == (0, "", "")


@pytest.mark.usefixtures("the_calls")
def test_quiet_leaves_json(a_command: Command, a_scan_file: Path, tmp_path: Path):
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out", "--quiet", "--json")
    assert json.loads(done.out) == MEASUREMENTS
    assert done.err == ""


@pytest.mark.parametrize("name", RESULT_FILES)
def test_results_are_not_replaced_without_a_yes(
    a_command: Command, a_scan_file: Path, tmp_path: Path, the_calls: Calls, name: str
):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("corrected by hand")
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out")
    assert done.code == 2
    assert done.err == (
        f"error: {tmp_path / 'out'} already holds results; choose another folder, or add --overwrite to replace them.\n"
    )
    assert the_calls == []
    assert (tmp_path / "out" / name).read_text() == "corrected by hand"


def test_an_explicit_yes_goes_on(a_command: Command, a_scan_file: Path, tmp_path: Path, the_calls: Calls):
    (tmp_path / "labels.nii.gz").write_text("old")
    assert a_command("segment", a_scan_file, "--output", tmp_path, "--overwrite").code == 0
    assert len(the_calls) == 1


@pytest.mark.usefixtures("the_calls")
def test_a_folder_with_other_files_is_used(a_command: Command, a_scan_file: Path, tmp_path: Path):
    assert a_command("segment", a_scan_file, "--output", tmp_path).code == 0


@pytest.mark.usefixtures("the_calls")
def test_output_must_not_be_a_file(a_command: Command, a_scan_file: Path):
    done = a_command("segment", a_scan_file, "--output", a_scan_file)
    assert (done.code, done.err) == (2, f"error: {a_scan_file} is a file; --output names a folder.\n")


def test_a_missing_input_is_named(a_command: Command, tmp_path: Path):
    done = a_command("segment", tmp_path / "gone", "--output", tmp_path / "out")
    assert (done.code, done.err) == (2, f"error: {tmp_path / 'gone'} does not exist.\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--device", "gpu"), "'gpu' is not one of auto, cpu, cuda:N."),
        (("--device", "cuda:x"), "'cuda:x' is not one of auto, cpu, cuda:N."),
        (("--runtime", "tensorrt"), "tensorrt"),
        (("--threads", "0"), "--threads"),
        (("--grey-window", "5"), "--grey-window"),
    ],
)
def test_options_out_of_range_are_refused(a_command: Command, a_scan_file: Path, tmp_path: Path, arguments, named: str):
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out", *arguments)
    assert done.code == 2
    assert named in done.err


def test_an_interrupt_ends_with_130(
    a_command: Command, a_scan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(segment, "segment_files", interrupted)
    assert a_command("segment", a_scan_file, "--output", tmp_path / "out") == (130, "", "Cancelled.\n")


def test_a_folder_inside_a_file_is_refused_before_any_work(a_command: Command, a_scan_file: Path, the_calls: Calls):
    done = a_command("segment", a_scan_file, "--output", a_scan_file / "out")
    assert done.code == 2
    assert done.err == f"error: {a_scan_file} is a file; --output names a folder.\n"
    assert the_calls == []


def test_an_unknown_model_is_refused_before_the_scan_is_read(a_command: Command, a_scan_file: Path, tmp_path: Path):
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out", "--model", "nope")
    assert done.code == 2
    assert done.err.startswith("error: There is no model named 'nope'; installed are: ")
    assert not (tmp_path / "out").exists()


def test_a_models_decision_is_shown_with_its_volume(
    a_command: Command, a_scan_file: Path, tmp_path: Path, the_calls: Calls, monkeypatch: pytest.MonkeyPatch
):
    arguments = ("segment", a_scan_file, "--output", tmp_path / "out")
    assert "Decision" not in a_command(*arguments).out
    decision = {"minimum_ml": 0.5, "volume_ml": 12.74, "has_bleed": True}
    monkeypatch.setitem(MEASUREMENTS, "case_decision", decision)
    assert "Decision      a bleed (12.74 mL found; from 0.5 mL on" in a_command(*arguments).out
    assert len(the_calls) == 2
