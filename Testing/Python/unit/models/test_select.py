# SPDX-License-Identifier: Apache-2.0
"""The choice of the runtime."""

from __future__ import annotations

import pytest
from builders.errors import raises
from builders.tiny_model import load_runtime

from ICHSegmentationLib.core.errors import ChecksumError, InputError, ModelError, NoGraphicsCardError
from ICHSegmentationLib.models import select


@pytest.fixture(autouse=True)
def a_machine_without_a_card(monkeypatch, a_filled_cache):
    monkeypatch.setenv("ICHSEG_CACHE", str(a_filled_cache))
    monkeypatch.setattr(select, "nvidia_cards", lambda: 0)


def set_cards(monkeypatch, *, driver: int, torch: int) -> None:
    monkeypatch.setattr(select, "nvidia_cards", lambda: driver)
    monkeypatch.setattr(select, "torch_cards", lambda: torch)


@pytest.mark.parametrize(
    ("device", "runtime", "backend"),
    [
        ("auto", "auto", "openvino"),
        ("cpu", "auto", "openvino"),
        ("cpu", "openvino", "openvino"),
        ("auto", "torch", "torch"),
    ],
)
def test_the_processor_runs_openvino_unless_torch_is_asked_for(a_model, device, runtime, backend):
    loaded = load_runtime(a_model, device=device, runtime=runtime, threads=1)
    assert loaded.info.backend == backend
    assert loaded.info.device == "cpu"
    assert loaded.info.threads == 1
    assert loaded.warnings == ()


def test_auto_takes_the_graphics_card_that_torch_can_use(a_model, monkeypatch):
    set_cards(monkeypatch, driver=2, torch=2)
    asked = []
    monkeypatch.setattr(select, "_load_torch", lambda entry, device, threads, _: asked.append((entry, device, threads)))
    load_runtime(a_model)
    load_runtime(a_model, device="cuda:1", runtime="torch", threads=2)
    assert asked == [(a_model, "cuda:0", None), (a_model, "cuda:1", 2)]


def test_auto_takes_openvino_if_torch_cannot_use_the_card(a_model, monkeypatch):
    set_cards(monkeypatch, driver=1, torch=0)
    assert load_runtime(a_model).info.backend == "openvino"


@pytest.mark.parametrize(
    ("device", "driver", "torch", "code", "values"),
    [
        ("cuda", 0, 0, "models.card_without_driver", {"device": "cuda:0"}),
        ("cuda:0", 1, 0, "models.card_without_cuda", {"device": "cuda:0"}),
        ("cuda:4", 2, 2, "models.no_such_card", {"device": "cuda:4", "count": 2, "last": 1}),
    ],
)
def test_a_card_that_cannot_be_used_is_refused(a_model, monkeypatch, device, driver, torch, code, values):
    set_cards(monkeypatch, driver=driver, torch=torch)
    with raises(NoGraphicsCardError, code, **values):
        load_runtime(a_model, device=device)


@pytest.mark.parametrize(
    ("device", "runtime", "code", "values"),
    [
        ("cuda", "openvino", "models.openvino_on_card", {}),
        ("gpu", "auto", "models.unknown_device", {"device": "gpu"}),
        ("auto", "tensorrt", "models.unknown_runtime", {"runtime": "tensorrt", "known": "auto, openvino, torch"}),
    ],
)
def test_unknown_or_contradictory_settings_are_refused(a_model, monkeypatch, device, runtime, code, values):
    set_cards(monkeypatch, driver=2, torch=2)
    with raises(InputError, code, **values):
        load_runtime(a_model, device=device, runtime=runtime)


@pytest.mark.parametrize("error", [ImportError("openvino"), RuntimeError("unsupported processor")])
def test_torch_is_used_with_a_warning_where_openvino_fails(a_model, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(select, "OpenVinoRuntime", fail)
    loaded = load_runtime(a_model)
    assert loaded.info.backend == "torch"
    assert [warning.code for warning in loaded.warnings] == ["models.torch_instead"]
    with raises(ModelError, "models.openvino_failed", name="tiny"):
        load_runtime(a_model, runtime="openvino")


def test_damaged_weights_are_an_error_and_no_reason_to_try_torch(a_model, tmp_path):
    (tmp_path / a_model.file).write_bytes(b"other")
    with raises(ChecksumError, "models.weights_damaged", name="tiny"):
        load_runtime(a_model.model_copy(update={"folder": tmp_path}))
