# SPDX-License-Identifier: Apache-2.0
"""The model that was used last stays loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ICHSegmentationLib.models import LoadedModel, RuntimeInfo, loaded_model
from ICHSegmentationLib.systems import network_for


class FakeRuntime:
    """Knows where it runs, and that can change."""

    def __init__(self, device: str) -> None:
        self.info = RuntimeInfo(device=device, backend="torch", threads=1, precision="f32")


@pytest.fixture
def loads(monkeypatch):
    """What was loaded so far; nothing is loaded in truth."""
    asked = []

    def load(entry, *, build, device, runtime, threads):
        assert build is network_for
        asked.append((entry.name, device, runtime, threads))
        return FakeRuntime(device)

    monkeypatch.setattr(loaded_model, "load_runtime", load)
    return asked


def test_the_same_model_is_loaded_once(a_model, loads):
    loaded = LoadedModel()
    first = loaded.get(a_model, device="cpu", threads=2, build=network_for)
    # Read from the manifest again, it is another object.
    assert loaded.get(a_model.model_copy(), device="cpu", threads=2, build=network_for) is first
    assert loads == [("tiny", "cpu", "auto", 2)]


@pytest.mark.parametrize("change", [{"device": "cuda:0"}, {"runtime": "torch"}, {"threads": 1}])
def test_other_settings_load_it_again(a_model, loads, change):
    loaded = LoadedModel()
    settings = {"device": "cpu", "runtime": "auto", "threads": 2}
    loaded.get(a_model, **settings, build=network_for)
    loaded.get(a_model, **settings | change, build=network_for)
    assert loads == [("tiny", *settings.values()), ("tiny", *(settings | change).values())]


def test_new_weights_under_the_same_name_are_loaded(a_model, loads):
    loaded = LoadedModel()
    first = loaded.get(a_model, build=network_for)
    assert loaded.get(a_model.model_copy(update={"sha256": "f" * 64}), build=network_for) is not first
    assert len(loads) == 2


def test_a_runtime_that_fell_back_to_the_processor_is_loaded_on_the_card_again(a_model, loads):
    loaded = LoadedModel()
    first = loaded.get(a_model, device="cuda:0", build=network_for)
    first.info = replace(first.info, device="cpu")
    assert loaded.get(a_model, device="cuda:0", build=network_for).info.device == "cuda:0"
    assert len(loads) == 2


def test_a_forgotten_model_is_loaded_again(a_model, loads):
    loaded = LoadedModel()
    loaded.get(a_model, build=network_for)
    loaded.forget()
    loaded.get(a_model, build=network_for)
    assert len(loads) == 2
