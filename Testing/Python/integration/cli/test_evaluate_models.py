# SPDX-License-Identifier: Apache-2.0
"""``ichseg evaluate --config`` over several models: what is run, what is reused, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from builders.command import Command
from builders.grids import make_grid
from builders.tiny_model import FIELDS, TINY, random_state, register_model
from builders.training import a_configuration, write_squares

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.models import get_model
from ICHSegmentationLib.research.evaluation.models import run as model_run
from ICHSegmentationLib.research.evaluation.models.held_out_case import PATIENTS, HeldOutCase, HeldOutFile
from ICHSegmentationLib.research.evaluation.models.report import processing_sentence
from ICHSegmentationLib.research.training import held_out

GRID = make_grid(rows=40, columns=40, steps_mm=(10.0,) * 3, spacing_mm=(10.0, 10.0))
FIRST, SECOND = "em", get_model().name
COLUMNS = {FIRST: 10, SECOND: 5}


def a_block(columns: int) -> np.ndarray:
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[1:3, 10:20, :columns] = Subtype.IPH
    return labels


@pytest.fixture
def a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that holds two patients out, whose clot is ten columns wide."""
    files = [HeldOutFile(PATIENTS, name, tmp_path / f"{name}.npz") for name in ("a", "b")]
    for file in files:
        hu = np.full(GRID.shape, 30, dtype=np.int16)
        HeldOutCase(CTVolume(hu, GRID), a_block(10), np.zeros(GRID.shape, dtype=bool)).write(file.path)
    monkeypatch.setattr(held_out, "make_held_out", lambda *_, **__: files)
    write_squares(tmp_path / "data")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(a_configuration(tmp_path / "data").model_dump(mode="json")))
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Models that were run, one entry per scan; the second finds half of each clot, or all without postprocessing."""
    names: list[str] = []

    def segment(volume, model, *_, postprocessing=None, **__):
        names.append(model)
        columns = COLUMNS[model] if postprocessing is None else 10
        return SimpleNamespace(label_map=LabelMap(a_block(columns), volume.grid), timings_s={"infer": 0.5})

    monkeypatch.setattr(model_run.pipeline, "segment", segment)
    return names


def test_each_model_is_run_once_and_compared_with_the_first(
    a_command: Command, a_file: Path, asked: list[str], tmp_path: Path
):
    output = tmp_path / "out"
    call = ("evaluate", "--config", a_file, "--model", FIRST, "--model", SECOND, "--output", output, "--json")
    done = a_command(*call)
    assert done.code == 0, done.err
    rows = json.loads(done.out)["models"]
    assert [row["model"] for row in rows] == [FIRST, SECOND]
    assert [row["any_dice_median"] for row in rows] == pytest.approx([1, 2 / 3])
    assert [row["iph_dice_median"] for row in rows] == [None, pytest.approx(2 / 3)]
    assert rows[1]["patients_any_dice_difference"] == pytest.approx(-1 / 3)
    assert [row["gflop"] for row in rows] == [None, None]
    assert asked == [FIRST, FIRST, SECOND, SECOND]
    for name in (FIRST, SECOND):
        assert {"model.md", "model.csv", "figures.json", "patients", "predictions"} <= {
            path.name for path in (output / name).iterdir()
        }
    asked.clear()

    # An interrupted call goes on where it was; costs join the table without any model being run.
    (output / SECOND / "figures.json").unlink()
    cost = {"fingerprint": get_model(SECOND).fingerprint, "gflop": 2.5, "seconds": 0.5, "peak_mib": None}
    costs = tmp_path / "costs.json"
    costs.write_text(json.dumps({"threads": 2, "slices": 40, "models": {SECOND: cost}}))
    done = a_command(*call, "--costs", costs)
    assert done.code == 0, done.err
    assert asked == [SECOND, SECOND]
    assert f"{FIRST}: results of an earlier call are taken as they are." in done.err
    assert [row["gflop"] for row in json.loads(done.out)["models"]] == [None, 2.5]


def test_results_of_other_weights_are_refused_until_overwritten(
    a_command: Command, a_file: Path, asked: list[str], tmp_path: Path
):
    output = tmp_path / "out"
    (output / FIRST).mkdir(parents=True)
    (output / FIRST / "figures.json").write_text('{"fingerprint": "another"}')
    call = ("evaluate", "--config", a_file, "--model", FIRST, "--model", SECOND, "--output", output)
    refused = a_command(*call)
    assert refused.code == 2
    assert message("research.evaluation_of_another_model", folder=output / FIRST, model=FIRST) in refused.err
    assert asked == []
    assert a_command(*call, "--overwrite").code == 0
    assert asked == [FIRST, FIRST, SECOND, SECOND]


def test_the_bare_answers_of_models_are_compared_on_request(
    a_command: Command, a_file: Path, asked: list[str], tmp_path: Path
):
    call = ("evaluate", "--config", a_file, "--model", FIRST, "--model", SECOND, "--output", tmp_path / "out")
    done = a_command(*call, "--no-postprocessing", "--json")
    assert done.code == 0, done.err
    assert [row["any_dice_median"] for row in json.loads(done.out)["models"]] == [1, 1]
    refused = a_command(*call)
    assert refused.code == 2
    told = message("research.evaluation_of_another_model", folder=tmp_path / "out" / FIRST, model=FIRST)
    assert told in refused.err
    alone = ("evaluate", "--config", a_file, "--model", SECOND, "--output", tmp_path / "alone", "--no-postprocessing")
    assert a_command(*alone).code == 0
    assert asked == [FIRST, FIRST, SECOND, SECOND, SECOND, SECOND]
    assert json.loads((tmp_path / "alone" / "figures.json").read_text())["cleaned"] is False
    assert processing_sentence(postprocessed=False) in (tmp_path / "alone" / "model.md").read_text()


@pytest.mark.parametrize("models", [("first",), ("em", "first")])
def test_a_model_without_its_second_reader_is_refused_before_the_cases_are_made(
    a_command: Command, a_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: tuple[str, ...]
):
    folder = tmp_path / "models"
    register_model(FIELDS | {"name": "first", "second_reader": "reader"}, random_state(**TINY), folder=folder)
    monkeypatch.setenv("ICHSEG_MODELS", str(folder))
    monkeypatch.setattr(held_out, "make_held_out", lambda *_, **__: pytest.fail("cases were made"))
    chosen = [part for name in models for part in ("--model", name)]
    done = a_command("evaluate", "--config", a_file, "--output", tmp_path / "out", *chosen)
    assert done.code == 1
    assert message("research.no_verifier", model="first", needed="reader", folder=folder) in done.err


def test_calls_that_make_no_sense_are_refused(a_command: Command, a_file: Path, asked: list[str], tmp_path: Path):
    call = ("evaluate", "--config", a_file, "--output", tmp_path / "out", "--model", FIRST, "--model")
    for options, told in (
        ((FIRST,), message("cli.only_one_model", model=FIRST)),
        ((SECOND, "--compare-model", SECOND), "--compare-model"),
        ((SECOND, "--costs", a_file), message("research.not_a_costs_file", path=a_file)),
    ):
        done = a_command(*call, *options)
        assert done.code == 2
        assert told in done.err
    assert asked == []
