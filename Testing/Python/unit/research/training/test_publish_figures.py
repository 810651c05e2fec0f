# SPDX-License-Identifier: Apache-2.0
"""A run's model is put among the installed ones with figures that are its own, of the whole way of a scan."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders.errors import raises
from builders.tiny_model import FIELDS, TINY, random_state, register_model
from builders.training import a_configuration

from ICHSegmentationLib.cli import publish as publishing
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.models import ModelEntry, get_model


@pytest.fixture
def a_run(tmp_path: Path) -> ModelEntry:
    """The model of a run, and its configuration beside the run's folder."""
    config = a_configuration(tmp_path / "data", about={"name": "tiny"})
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    return register_model(FIELDS, random_state(**TINY), folder=tmp_path / "run" / "models")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that models are published in."""
    folder = tmp_path / "installed"
    monkeypatch.setattr(publishing, "register_model", partial(register_model, folder=folder))
    return folder


def some_figures(entry: ModelEntry, **changes: Any) -> str:
    record = {"sha256": entry.sha256, "cleaned": True, "quality": {"iph_dice_median": 0.5}}
    return json.dumps(record | changes)


def test_figures_of_the_runs_model_are_installed_with_it(tmp_path: Path, a_run: ModelEntry, installed: Path):
    (tmp_path / "figures.json").write_text(some_figures(a_run))
    publishing.publish(tmp_path / "config.yaml", tmp_path / "run", tmp_path / "figures.json")
    entry = get_model("tiny", folder=installed)
    assert (entry.sha256, entry.quality) == (a_run.sha256, {"iph_dice_median": 0.5})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cleaned": False}, "cli.evaluation_without_postprocessing"),
        ({"sha256": "0" * 64}, "cli.evaluation_of_other_weights"),
        ({"quality": None}, "cli.not_an_evaluation"),
    ],
)
def test_other_figures_are_refused_and_nothing_is_installed(
    tmp_path: Path, a_run: ModelEntry, installed: Path, changes: dict[str, Any], code: str
):
    (tmp_path / "figures.json").write_text(some_figures(a_run, **changes))
    with raises(InputError, code, path=tmp_path / "figures.json"):
        publishing.publish(tmp_path / "config.yaml", tmp_path / "run", tmp_path / "figures.json")
    assert not installed.exists()


@pytest.mark.usefixtures("a_run")
@pytest.mark.parametrize("content", ["no json", "[]", "{}"])
def test_what_is_no_evaluation_is_named(tmp_path: Path, installed: Path, content: str):
    (tmp_path / "figures.json").write_text(content)
    with raises(InputError, "cli.not_an_evaluation", path=tmp_path / "figures.json"):
        publishing.publish(tmp_path / "config.yaml", tmp_path / "run", tmp_path / "figures.json")
    assert not installed.exists()
