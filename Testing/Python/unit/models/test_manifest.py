# SPDX-License-Identifier: Apache-2.0
"""The list of models: read, checked, and refused with a sentence that names the field."""

from __future__ import annotations

import json

import pytest
from builders.errors import raises
from builders.no_models import install_without_models
from builders.tiny_model import FIELDS
from pydantic import ValidationError

from ICHSegmentationLib.core.errors import MissingModelError, ModelError, UnknownModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models import get_model, load_manifest
from ICHSegmentationLib.models.weights import read_weights

WRITTEN = {"file": "tiny.safetensors", "sha256": "0" * 64, "size_bytes": 1, "parameters": 1}


def write_manifest(folder, *entries, default="tiny", schema=1):
    content = {"schema": schema, "default": default, "models": list(entries)}
    (folder / "manifest.json").write_text(json.dumps(content))


def test_every_shipped_model_is_the_file_that_the_manifest_describes():
    for entry in load_manifest().models:
        assert entry.path.stat().st_size == entry.size_bytes
        assert sum(value.size for value in read_weights(entry).values()) >= entry.parameters


def test_a_model_is_found_by_its_name_and_as_the_default(tmp_path):
    other = FIELDS | WRITTEN | {"name": "other", "neighbours": 0}
    write_manifest(tmp_path, FIELDS | WRITTEN, other, default="other")

    assert get_model(folder=tmp_path).name == "other"
    entry = get_model("tiny", folder=tmp_path)
    assert entry.window_hu == (0.0, 80.0)
    assert entry.classes[4] == "IPH"
    assert entry.input_spec.channels == 3
    assert entry.path == tmp_path / "tiny.safetensors"


def test_another_folder_of_models_is_named_by_the_environment(a_models_folder, monkeypatch):
    monkeypatch.setenv("ICHSEG_MODELS", str(a_models_folder))
    assert get_model() == get_model("tiny", folder=a_models_folder)
    assert get_model().folder == a_models_folder


def test_an_entry_cannot_be_changed(a_model):
    with pytest.raises(ValidationError, match="frozen"):
        a_model.sha256 = "f" * 64


def test_an_unknown_name_is_refused_with_the_known_ones(a_models_folder):
    with raises(UnknownModelError, "models.unknown_model", name="large", known="tiny, em"):
        get_model("large", folder=a_models_folder)


@pytest.mark.parametrize("name", ["default", "em"])
def test_the_model_without_weights_is_there_where_no_other_is_installed(tmp_path, monkeypatch, name):
    install_without_models(tmp_path, monkeypatch)
    assert get_model(name).system == "em"  # not even a list
    write_manifest(tmp_path, default="")
    entry = get_model(name)
    assert (entry.name, entry.has_weights, entry.sha256, entry.parameters) == ("em", False, "", 0)
    assert entry.classes == ("background", "ICH")


def empty_folder(folder):
    folder.mkdir()


def misspelt_folder(_folder):
    pass


def file_in_place_of_folder(folder):
    folder.write_text("")


def folder_in_place_of_manifest(folder):
    (folder / "manifest.json").mkdir(parents=True)


def manifest_in_latin_1(folder):
    folder.mkdir()
    (folder / "manifest.json").write_bytes(b'{"models": "\xe4"}')


def manifest_without_models(folder):
    folder.mkdir()
    write_manifest(folder, default="")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (empty_folder, "models.manifest_unreadable"),
        (misspelt_folder, "models.manifest_unreadable"),
        (file_in_place_of_folder, "models.manifest_unreadable"),
        (folder_in_place_of_manifest, "models.manifest_unreadable"),
        (manifest_in_latin_1, "models.manifest_unreadable"),
        (manifest_without_models, "models.manifest_empty"),
    ],
)
def test_a_named_folder_without_models_is_refused_instead_of_using_another_model(tmp_path, monkeypatch, make, code):
    make(tmp_path / "own")
    monkeypatch.setenv("ICHSEG_MODELS", str(tmp_path / "own"))
    with raises(MissingModelError, code, path=tmp_path / "own" / "manifest.json"):
        get_model()
    with raises(MissingModelError, code):
        load_manifest()
    assert get_model("em").system == "em"  # whoever asks for it gets it


def test_an_installed_list_that_cannot_be_read_is_refused_too(tmp_path, monkeypatch):
    folder_in_place_of_manifest(tmp_path)
    install_without_models(tmp_path, monkeypatch)
    with raises(MissingModelError, "models.manifest_unreadable"):
        get_model()


def test_it_is_available_beside_the_installed_ones_and_never_the_default(a_models_folder):
    manifest = load_manifest(a_models_folder)
    assert [entry.name for entry in manifest.all_models] == ["tiny", "em"]
    assert [entry.name for entry in manifest.models] == ["tiny"]
    assert get_model("em", folder=a_models_folder).system == "em"
    assert get_model(folder=a_models_folder).name == "tiny"


def test_another_model_is_still_missed_where_there_is_no_list(tmp_path):
    with raises(MissingModelError, "models.manifest_unreadable", path=tmp_path / "manifest.json"):
        get_model("tiny", folder=tmp_path)


def test_a_missing_list_is_named(tmp_path):
    with raises(MissingModelError, "models.manifest_unreadable", path=tmp_path / "manifest.json"):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"sha256": "123"}, "models.0.sha256"),
        ({"window_hu": [80.0, 0.0]}, "models.0.window_hu"),
        ({"file": "../elsewhere.safetensors"}, "models.0.file"),
        ({"file": "weights.pt"}, "models.0.file"),
        ({"classes": ["background"]}, "models.0.classes"),
        ({"licence": None}, "models.0.licence"),
        ({"wiindow": 1}, "models.0.wiindow"),
        ({"file": ""}, "models.0"),
        ({"sha256": ""}, "models.0"),
        ({"size_px": 100}, "models.0.size_px"),
        ({"least_certainty": {"tumor": 0.5}}, "models.0.least_certainty"),
        ({"least_certainty": {"IPH": 1.5}}, "models.0.least_certainty.IPH"),
        ({"patches": {"stride": [8, 16, 16]}}, "models.0.patches"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, change, place):
    write_manifest(tmp_path, FIELDS | WRITTEN | change)
    with raises(ModelError, "models.manifest_not_valid", place=place):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    ("entries", "default", "schema", "place", "problem"),
    [
        ([FIELDS | WRITTEN, FIELDS | WRITTEN], "tiny", 1, "the whole file", message("models.same_name")),
        ([FIELDS | WRITTEN], "large", 1, "the whole file", message("models.no_default", name="large")),
        ([FIELDS | WRITTEN], "tiny", 2, "schema", None),
        ([FIELDS], "tiny", 1, "the whole file", message("models.no_weights")),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(tmp_path, entries, default, schema, place, problem):
    write_manifest(tmp_path, *entries, default=default, schema=schema)
    with raises(ModelError, "models.manifest_not_valid", place=place) as caught:
        load_manifest(tmp_path)
    if problem is not None:  # else it is pydantic's own
        assert caught.value.parameters["problem"] == problem


def test_a_file_that_is_not_json_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with raises(ModelError, "models.manifest_not_valid", place="the whole file"):
        load_manifest(tmp_path)
