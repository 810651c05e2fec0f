# SPDX-License-Identifier: Apache-2.0
"""A companion runs as the model does that names it, and stays loaded with it."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.models import Companion, LoadedModel, Runtime, RuntimeInfo, find_companion, loaded_model, select
from ICHSegmentationLib.systems import network_for


@pytest.fixture(autouse=True)
def a_machine_without_a_card(monkeypatch, a_filled_cache):
    monkeypatch.setenv("ICHSEG_CACHE", str(a_filled_cache))
    monkeypatch.setattr(select, "nvidia_cards", lambda: 0)


def load_beside(entry, where: RuntimeInfo) -> Runtime:
    return Companion(entry.name, entry, network_for).load(where)


def info(backend: str, device: str = "cpu") -> RuntimeInfo:
    return RuntimeInfo(device=device, backend=backend, threads=1, precision="f32")


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_a_companion_runs_as_the_first_model_does(a_model, backend):
    loaded = load_beside(a_model, info(backend))
    assert (loaded.info.device, loaded.info.backend, loaded.info.threads) == ("cpu", backend, 1)


def test_a_companion_stays_on_the_processor_beside_a_model_there_and_on_its_card(a_model, monkeypatch):
    monkeypatch.setattr(select, "nvidia_cards", lambda: 2)
    monkeypatch.setattr(select, "torch_cards", lambda: 2)
    assert load_beside(a_model, info("openvino")).info.device == "cpu"
    asked = []

    class OnCard:
        def __init__(self, _, device: str, threads: int, __) -> None:
            asked.append((device, threads))
            self.info = info("torch", device)

    monkeypatch.setattr(select, "_load_torch", OnCard)
    load_beside(a_model, info("torch", "cuda:1"))
    assert asked == [("cuda:1", 1)]


def test_a_companion_that_openvino_cannot_run_falls_back_to_torch(a_model, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(select, "OpenVinoRuntime", refuse)
    loaded = load_beside(a_model, info("openvino"))
    assert loaded.info.backend == "torch"
    assert [warning.code for warning in loaded.warnings] == ["models.torch_instead"]


def test_a_companion_is_loaded_once_for_all_scans_and_again_for_another_model(a_model, monkeypatch):
    loads = []

    class Loaded:
        info = info("openvino")

        def __init__(self, entry, **_) -> None:
            loads.append(entry.name)

    monkeypatch.setattr(loaded_model, "load_runtime", Loaded)
    loaded = LoadedModel()
    for changes in ({}, {}, {"version": 2}):
        loaded.get(a_model.model_copy(update={"card": str(changes)}), build=network_for)
        companion = find_companion("tiny", a_model, build=network_for, loaded=loaded.companion)
        assert companion is not None
        companion.load(info("openvino"))
    assert loads == ["tiny"] * 4
