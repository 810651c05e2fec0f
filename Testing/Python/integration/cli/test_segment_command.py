# SPDX-License-Identifier: Apache-2.0
"""``ichseg segment``: options, outputs on the two streams, refusals. The library's part is a fake."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.command import Command
from builders.grids import make_grid
from builders.simple_head import model_entry

from ICHSegmentationLib.cli.commands import segment
from ICHSegmentationLib.cli.options import RunOptions
from ICHSegmentationLib.cli.terminal import Terminal
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.formats import RESULT_FILES
from ICHSegmentationLib.measurement import CaseDecision
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.segmentation.result import SegmentationResult

Calls = list[tuple[Any, ...]]


def a_case() -> CaseResult:
    """A case of 12.34 mL IPH and 0.4 mL IVH, with two files."""
    grid = make_grid(rows=4, columns=4, steps_mm=[5.0] * 2)
    label_map = LabelMap(np.zeros(grid.shape, dtype=np.uint8), grid)
    runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
    volumes_ml = {"EDH": 0.0, "SDH": 0.0, "SAH": 0.0, "IPH": 12.34, "IVH": 0.4, "total": 12.74}
    measurements = measure(label_map).model_copy(update={"volumes_ml": volumes_ml})
    volume = CTVolume(np.zeros(grid.shape, dtype=np.int16), grid)
    result = SegmentationResult(volume, label_map, model_entry(), runtime, {}, ())
    outputs = {name: Path("out") / name for name in ("report.pdf", "slices.png")}
    return replace(CaseResult.of(result, measurements), outputs=outputs)


CASE = a_case()
SHOWN = json.loads(CASE.known_record().to_json()) | {"outputs": {name: f"out/{name}" for name in CASE.outputs}}


@pytest.fixture
def the_calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Replace the library's part; the arguments of each call are kept."""
    calls: Calls = []

    def fake(inputs: Sequence[Path], output: Path, options: RunOptions, terminal: Terminal) -> CaseResult:
        calls.append((list(inputs), output, options))
        terminal.warn(["The slices are tilted."])
        logging.getLogger("ICHSegmentationLib.rendering").warning("No GL library.")
        logging.getLogger("ICHSegmentationLib.rendering").warning("No GL library.")
        logging.getLogger("pydicom").warning("PatientName Doe^Jane")
        warnings.warn("Invalid value Doe^Jane", stacklevel=1)
        return CASE

    monkeypatch.setattr(segment, "segment_files", fake)
    return calls


@pytest.mark.parametrize("flag", ["--no-postprocessing", "--no-cleaning"])
def test_options_reach_the_library(a_command: Command, a_scan_file: Path, tmp_path: Path, the_calls: Calls, flag: str):
    done = a_command(
        *("segment", a_scan_file, "--output", tmp_path / "out", "--model", "other", "--device", "cuda:1"),
        *("--runtime", "torch", "--series", "2", "--grey-window", -10, 90, "--force", flag, "--threads", 3),
        *("--boxes", tmp_path / "boxes.json", "--spacing", "0.47,0.45,5"),
    )
    assert done.code == 0
    expected = RunOptions(
        model="other",
        device="cuda:1",
        runtime="torch",
        series="2",
        grey_window=(-10.0, 90.0),
        spacing_mm=(0.47, 0.45, 5.0),
        force=True,
        postprocessing=False,
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
    assert json.loads(done.out) == SHOWN
    assert done.err.startswith("warning: ")


@pytest.mark.usefixtures("the_calls")
def test_quiet_shows_nothing(a_command: Command, a_scan_file: Path, tmp_path: Path):
    assert a_command("segment", a_scan_file, "--output", tmp_path / "out", "--quiet") == (0, "", "")


@pytest.mark.usefixtures("the_calls")
def test_quiet_leaves_json(a_command: Command, a_scan_file: Path, tmp_path: Path):
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out", "--quiet", "--json")
    assert json.loads(done.out) == SHOWN
    assert done.err == ""


@pytest.mark.parametrize("name", RESULT_FILES)
def test_results_are_not_replaced_without_a_yes(
    a_command: Command, a_scan_file: Path, tmp_path: Path, the_calls: Calls, name: str
):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("corrected by hand")
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out")
    assert done.code == 2
    assert done.err == f"error: {message('cli.results_exist', folder=tmp_path / 'out')}\n"
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
    assert (done.code, done.err) == (2, f"error: {message('cli.output_is_file', path=a_scan_file)}\n")


def test_a_missing_input_is_named(a_command: Command, tmp_path: Path):
    done = a_command("segment", tmp_path / "gone", "--output", tmp_path / "out")
    assert (done.code, done.err) == (2, f"error: {message('cli.not_found', path=tmp_path / 'gone')}\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--device", "gpu"), "'gpu' is not one of auto, cpu, cuda:N."),
        (("--device", "cuda:x"), "'cuda:x' is not one of auto, cpu, cuda:N."),
        (("--runtime", "tensorrt"), "tensorrt"),
        (("--threads", "0"), "--threads"),
        (("--grey-window", "5"), "--grey-window"),
        (("--spacing", "0.5,5"), "is not a voxel size"),
        (("--spacing", "1,1,x"), "is not a voxel size"),
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
    assert done.err == f"error: {message('cli.output_is_file', path=a_scan_file)}\n"
    assert the_calls == []


def test_an_unknown_model_is_refused_before_the_scan_is_read(a_command: Command, a_scan_file: Path, tmp_path: Path):
    done = a_command("segment", a_scan_file, "--output", tmp_path / "out", "--model", "nope")
    assert done.code == 2
    assert "'nope'" in done.err
    assert not (tmp_path / "out").exists()


def test_a_models_decision_is_shown_with_its_volume(
    a_command: Command, a_scan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    arguments = ("segment", a_scan_file, "--output", tmp_path / "out")
    monkeypatch.setattr(segment, "segment_files", lambda *_: CASE)
    assert "Decision" not in a_command(*arguments).out
    decision = CaseDecision(minimum_ml=0.5, volume_ml=12.74, has_bleed=True)
    monkeypatch.setattr(segment, "segment_files", lambda *_: CASE.with_record(case_decision=decision))
    assert f"Decision      {decision.describe()}" in a_command(*arguments).out
