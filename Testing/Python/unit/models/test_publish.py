# SPDX-License-Identifier: Apache-2.0
"""A trained model is added whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.tiny_model import FIELDS, TINY, random_state, register_model

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.models import load_manifest, publish
from ICHSegmentationLib.models.weights import read_weights
from ICHSegmentationLib.systems import build_network


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_entry_holds_what_was_written(tmp_path):
    written = register_model(FIELDS, random_state(**TINY), folder=tmp_path)

    network = build_network("hardnet", "compact", in_channels=3, **TINY)
    assert written.parameters == sum(value.numel() for value in network.parameters())
    assert written.size_bytes == written.path.stat().st_size
    assert files(tmp_path) == ["manifest.json", f"tiny-{written.sha256[:8]}.safetensors"]
    manifest = load_manifest(tmp_path)
    assert manifest.default == "tiny"
    # JSON has lists where the entry was given tuples.
    assert manifest.models[0].model_dump(mode="json") == written.model_dump(mode="json")


def test_a_model_of_the_same_name_is_replaced_and_its_file_removed(tmp_path):
    state = random_state(**TINY)
    register_model(FIELDS, state, folder=tmp_path)
    register_model(FIELDS | {"name": "other"}, state, folder=tmp_path)
    first = next(iter(state))
    second = register_model(FIELDS, state | {first: torch.zeros_like(state[first])}, folder=tmp_path)

    manifest = load_manifest(tmp_path)
    assert [entry.name for entry in manifest.models] == ["other", "tiny"]
    assert manifest.default == "tiny"
    assert files(tmp_path) == sorted(["manifest.json", second.file, manifest.get("other").file])
    assert not np.any(read_weights(second)[first])


def test_the_same_weights_again_keep_their_file(tmp_path):
    register_model(FIELDS, random_state(**TINY), folder=tmp_path)
    again = register_model(FIELDS | {"quality": {"dice": 0.5}}, random_state(**TINY), folder=tmp_path)

    assert again.path.exists()
    assert load_manifest(tmp_path).get().quality == {"dice": 0.5}


def test_a_model_becomes_the_default_only_if_asked(tmp_path):
    state = random_state(**TINY)
    register_model(FIELDS, state, folder=tmp_path)
    register_model(FIELDS | {"name": "second"}, state, folder=tmp_path)
    assert load_manifest(tmp_path).default == "tiny"
    register_model(FIELDS | {"name": "third"}, state, folder=tmp_path, make_default=True)
    assert load_manifest(tmp_path).default == "third"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pixel_mm": -1}, "models.description_not_valid"),
        ({"neighbours": 0}, "models.weights_misfit"),
        ({"name": "a/b"}, "models.description_not_valid"),
    ],
)
def test_a_wrong_description_leaves_the_folder_as_it_was(tmp_path, change, code):
    with raises(ModelError, code):
        register_model(FIELDS | change, random_state(**TINY), folder=tmp_path)
    assert files(tmp_path) == []


def test_weights_larger_than_the_repository_allows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "_MAX_BYTES_OTHER", 1000)
    monkeypatch.setattr(publish, "MODELS_FOLDER", tmp_path)
    register_model(FIELDS, random_state(**TINY), folder=tmp_path)
    with raises(ModelError, "models.weights_too_large", name="second"):
        register_model(FIELDS | {"name": "second"}, random_state(**TINY), folder=tmp_path)
    assert [entry.name for entry in load_manifest(tmp_path).models] == ["tiny"]


def test_a_folder_of_ones_own_holds_weights_of_any_size(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "_MAX_BYTES_DEFAULT", 1000)
    assert register_model(FIELDS, random_state(**TINY), folder=tmp_path).size_bytes > 1000
