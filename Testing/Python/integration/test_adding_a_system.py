# SPDX-License-Identifier: Apache-2.0
"""Follow docs/adding-a-system.md: write the files that it lists, train, publish and segment."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from builders.cmake_lists import REPOSITORY
from builders.label_maps import head_grid
from builders.simple_head import head_volume
from builders.tiny_model import load_network, register_model
from builders.training import write_squares

from ICHSegmentationLib import networks, segment, systems
from ICHSegmentationLib.models import get_model, load_manifest
from ICHSegmentationLib.research.training.config import read_config
from ICHSegmentationLib.research.training.processes import Processes
from ICHSegmentationLib.research.training.train import model_fields, train
from ICHSegmentationLib.systems import build_network, get_system, registry, system_names

PAGE = (REPOSITORY / "docs" / "adding-a-system.md").read_text(encoding="utf-8")
LISTED = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
SHOWN = dict(re.findall(r"^\*\*`([^`]+)`\*\*\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
NAME, MODEL = "toynet", "toynet-compact"
CONFIGS = "ICHSegmentationLib/research/training/configs"


@pytest.fixture
def the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the page, as a second home of the two packages."""
    for name, text in SHOWN.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for package in (networks, systems):
        folder = tmp_path / "ICHSegmentationLib" / package.__name__.rpartition(".")[2]
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    monkeypatch.chdir(tmp_path)
    registry._systems.cache_clear()
    yield tmp_path
    registry._systems.cache_clear()
    for module in [name for name in sys.modules if name.endswith(f".{NAME}")]:
        del sys.modules[module]


def test_the_page_lists_the_files_that_it_shows():
    assert list(SHOWN) == LISTED
    assert len(LISTED) == 4


def test_the_listed_files_are_new_and_their_folders_are_there():
    for name in LISTED:
        assert not (REPOSITORY / name).exists()
        assert (REPOSITORY / name).parent.is_dir()
    assert NAME not in system_names()


@pytest.mark.parametrize("entry", load_manifest().models, ids=lambda entry: entry.name)
def test_the_installed_models_have_the_same_four_files(entry):
    spec = get_system(entry.system)
    module = spec.network.partition(".")[0]
    files = (f"ICHSegmentationLib/networks/{module}.py", f"{CONFIGS}/{entry.name}.yaml", entry.card)
    assert [name for name in files if not (REPOSITORY / name).is_file()] == []


def test_the_listed_files_are_all_that_a_system_takes(the_files: Path, monkeypatch: pytest.MonkeyPatch):
    assert NAME in system_names()
    write_squares(the_files / "training-data")
    config = read_config(the_files / CONFIGS / f"{MODEL}.yaml")
    trained = train(config, the_files / "run", Processes(0, 1, torch.device("cpu")))
    assert (trained.entry.name, trained.record["steps"]) == (MODEL, 20)

    state = load_network(trained.entry).state_dict()
    register_model(model_fields(config), state, folder=the_files / "models", with_graph=True)
    monkeypatch.setenv("ICHSEG_MODELS", str(the_files / "models"))
    assert (the_files / get_model(MODEL).card).is_file()
    volume = head_volume(head_grid([5.0] * 20, rows=72, columns=64, spacing_mm=(2.8, 2.8)))
    result = segment(volume, MODEL, "cpu", force=True)
    assert (result.model.system, result.runtime.backend) == (NAME, "openvino")
    assert result.label_map.labels.shape == volume.hu.shape
    expected = segment(volume, MODEL, "cpu", runtime="torch", force=True)
    np.testing.assert_array_equal(result.label_map.labels > 0, expected.label_map.labels > 0)


@pytest.mark.usefixtures("the_files")
@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_its_presets_are_built(preset):
    images = torch.zeros(2, 3, 64, 64)
    assert build_network(NAME, preset, in_channels=3)(images).shape == (2, 6, 64, 64)


@pytest.mark.parametrize("missing", ["networks", "systems"])
def test_without_one_of_the_python_files_it_cannot_be_built(the_files: Path, missing):
    (the_files / "ICHSegmentationLib" / missing / f"{NAME}.py").unlink()
    with pytest.raises((ValueError, ImportError), match=NAME):
        build_network(NAME, "compact")
