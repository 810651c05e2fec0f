# SPDX-License-Identifier: Apache-2.0
"""``ichseg models`` shows what the manifest says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.command import Command
from builders.requirements import require_module

from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models import manifest
from ICHSegmentationLib.models.cards import make_bundle_metadata, make_hugging_face_card
from ICHSegmentationLib.systems import available_models

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


@pytest.fixture
def a_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """One installed model and a folder for its card."""
    content = manifest.Manifest.model_validate({"schema": 1, "default": "small", "models": [ENTRY]})
    monkeypatch.setattr(manifest, "load_manifest", lambda: content)
    return tmp_path / "card"


def test_the_metadata_are_a_monai_bundle_s(a_command: Command, a_card: Path):
    require_module("monai", "monai")
    from monai.bundle import ConfigParser
    from monai.bundle.utils import DEFAULT_METADATA

    assert a_command("models", "--card", "small", "--output", a_card).code == 0
    parser = ConfigParser()
    parser.read_meta(str(a_card / "configs" / "metadata.json"))
    metadata = parser["_meta_"]
    assert set(DEFAULT_METADATA) <= set(metadata)
    pred = metadata["network_data_format"]["outputs"]["pred"]
    assert pred["channel_def"] == {"0": "background", "1": "EDH", "2": "SDH"}
    assert pred["num_channels"] == 3
    image = metadata["network_data_format"]["inputs"]["image"]
    assert (image["num_channels"], image["spatial_shape"], image["value_range"]) == (1, ["64*n", "64*n"], [0, 1])
    assert metadata["eval_metrics"] == ENTRY["quality"]
    assert "-10 to 90 HU" in metadata["description"]


def test_the_card_says_what_the_manifest_says(a_command: Command, a_card: Path):
    require_module("yaml", "pyyaml")
    import yaml

    assert a_command("models", "--card", "small", "--output", a_card).code == 0
    _, front, body = (a_card / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    said = yaml.safe_load(front)
    assert (said["license"], said["library_name"], said["pipeline_tag"]) == (
        "cc-by-nc-4.0",
        "ichsegmentation",
        "image-segmentation",
    )
    assert "transhardnet" in said["tags"]
    for value in (ENTRY["sha256"], "5990000", "generated heads", "| iph dice median | 0.5 |", "Research use only"):
        assert value in body


def test_a_card_is_not_replaced_unasked_and_needs_a_network(a_command: Command, a_card: Path):
    command = ("models", "--card", "small", "--output", a_card)
    assert a_command(*command).code == 0
    refused = a_command(*command)
    assert (refused.code, refused.err) == (
        2,
        f"error: {message('cli.file_exists', path=a_card / 'configs' / 'metadata.json')}\n",
    )
    assert a_command(*command, "--overwrite").code == 0
    without = a_command("models", "--card", "em", "--output", a_card)
    assert (without.code, without.err) == (2, f"error: {message('models.no_card', name='em')}\n")


@pytest.mark.parametrize("entry", available_models(manifest.load_manifest())[:-1], ids=lambda entry: entry.name)
def test_every_installed_model_has_a_card(entry: manifest.ModelEntry):
    metadata = json.loads(make_bundle_metadata(entry))
    assert metadata["network_data_format"]["inputs"]["image"]["num_channels"] == entry.input_spec.channels
    assert len(metadata["network_data_format"]["inputs"]["image"]["channel_def"]) == entry.input_spec.channels
    licence = make_hugging_face_card(entry).splitlines()[1]
    assert licence in ('license: "cc-by-nc-4.0"', 'license: "apache-2.0"', 'license: "cc-by-4.0"')
