# SPDX-License-Identifier: Apache-2.0
"""``ichseg train`` and ``ichseg evaluate --config`` from a configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from builders.command import Command
from builders.training import a_configuration, write_squares

from ICHSegmentationLib.core.messages import message

pytestmark = pytest.mark.slow


@pytest.fixture
def a_file(tmp_path: Path) -> Path:
    write_squares(tmp_path / "data")
    config = a_configuration(tmp_path / "data", data={"validation": ("second",)}, about={"name": "squares"})
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    return path


def test_a_model_is_trained_and_can_be_named(a_command: Command, a_file: Path, tmp_path: Path, monkeypatch):
    done = a_command("train", a_file, "--output", tmp_path / "run", "--device", "cpu", "--json")
    assert done.code == 0, done.err
    record = json.loads(done.out)
    assert (record["model"], record["steps"], record["training_volumes"]) == ("squares", 4, 1)
    lines = done.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["step 2 of 4", "step 4 of 4"]
    assert all("validation Dice" in line and "samples/s" in line for line in lines)
    monkeypatch.setenv("ICHSEG_MODELS", record["models"])
    shown = a_command("models", "--json")
    assert [model["name"] for model in json.loads(shown.out)] == ["squares", "em"]


def test_preparing_alone_counts_the_volumes(a_command: Command, a_file: Path, tmp_path: Path):
    done = a_command("train", a_file, "--prepare-only", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "schema": 1,
        "folder": str(tmp_path / "data"),
        "training_volumes": 1,
        "validation_volumes": 1,
        "left_out": {},
    }


def test_a_wrong_configuration_is_one_sentence(a_command: Command, a_file: Path, tmp_path: Path):
    done = a_command("train", a_file)
    assert (done.code, done.err) == (2, f"error: {message('cli.train_output_missing')}\n")
    a_file.write_text(a_file.read_text().replace("steps: 4", "steps: 0"))
    done = a_command("train", a_file, "--output", tmp_path / "run")
    assert done.code == 2
    assert "config.yaml is not valid at optimisation.steps: " in done.err
    told = done.err
    done = a_command("evaluate", "--config", a_file, "--output", tmp_path / "out")
    assert (done.code, done.err) == (2, told)


def test_an_unknown_model_is_found_before_cases_are_made(a_command: Command, a_file: Path, tmp_path: Path):
    done = a_command("evaluate", "--config", a_file, "--model", "absent", "--output", tmp_path / "out")
    assert done.code == 2
    assert "'absent'" in done.err
    assert not (tmp_path / "data" / "held-out").exists()
