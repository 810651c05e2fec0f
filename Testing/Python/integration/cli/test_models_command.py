# SPDX-License-Identifier: Apache-2.0
"""``ichseg models`` shows what the manifest says."""

from __future__ import annotations

import json

import pytest
from builders.command import Command

from ICHSegmentationLib.models import manifest

ENTRY = {
    "name": "small",
    "system": "transhardnet",
    "preset": "compact",
    "file": "small.safetensors",
    "sha256": "ab" * 32,
    "size_bytes": 10,
    "parameters": 5_990_000,
    "classes": ["background", "EDH", "SDH"],
    "window_hu": [-10.0, 90.0],
    "pixel_mm": 0.8,
    "training_data": "generated heads",
    "licence": "CC-BY-NC-4.0",
    "non_commercial": True,
    "quality": {"iph_dice_median": 0.5, "simulated_edh_dice_median": 0.7},
    "reference_seconds": 0.3,
    "card": "docs/models/small.md",
}
CONTRACT = (
    *("name", "system", "preset", "parameters", "classes", "licence", "sha256"),
    *("window_hu", "quality", "reference_seconds"),
)


@pytest.fixture
def a_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    """One installed model."""
    content = manifest.Manifest.model_validate({"schema": 1, "default": "small", "models": [ENTRY]})
    monkeypatch.setattr(manifest, "load_manifest", lambda: content)


@pytest.mark.usefixtures("a_manifest")
def test_json_has_the_contract_s_fields(a_command: Command):
    done = a_command("models", "--json")
    entry, without_weights = json.loads(done.out)
    assert {field: entry[field] for field in CONTRACT} == {field: ENTRY[field] for field in CONTRACT}
    assert entry["default"] is True
    assert entry["non_commercial"] is True
    assert (without_weights["name"], without_weights["default"], without_weights["sha256"]) == ("em", False, "")


@pytest.mark.usefixtures("a_manifest")
def test_people_read_the_subtypes_and_the_licence(a_command: Command):
    done = a_command("models")
    assert done.code == 0
    assert "small (default)" in done.out
    assert "5.99 M parameters; EDH, SDH" in done.out
    assert "CC-BY-NC-4.0 (no commercial use)" in done.out
    assert "quality: median Dice of IPH 0.5; more in docs/models/small.md\n" in done.out
    assert "em, training-free, no network, no weights; ICH" in done.out
    assert "  quality: training iph dice median alone 0.927, training iph dice median in true boxes 0.941; " in done.out
    assert "not measured" not in done.out


def test_a_model_without_figures_says_so(a_command: Command, monkeypatch: pytest.MonkeyPatch):
    content = {"schema": 1, "default": "small", "models": [ENTRY | {"quality": {}}]}
    monkeypatch.setattr(manifest, "load_manifest", lambda: manifest.Manifest.model_validate(content))
    assert "quality: not measured; more in docs/models/small.md\n" in a_command("models").out


def test_the_installed_models_are_listed(a_command: Command):
    names = [entry["name"] for entry in json.loads(a_command("models", "--json").out)]
    installed = [entry.name for entry in manifest.load_manifest().models if entry.system != "detector"]
    assert names == [*installed, "em"]
    assert len(names) > 1
