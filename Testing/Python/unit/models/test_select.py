# SPDX-License-Identifier: Apache-2.0
"""The choice of the runtime."""

from __future__ import annotations

import pytest

from ICHSegmentationLib.core.errors import InputError, ModelError, NoGraphicsCardError
from ICHSegmentationLib.models import RuntimeInfo, load_runtime, select
from ICHSegmentationLib.models.runtimes import openvino_runtime
from ICHSegmentationLib.models.select import load_beside


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
    monkeypatch.setattr(select, "_load_torch", lambda entry, device, threads: asked.append((entry, device, threads)))
    load_runtime(a_model)
    load_runtime(a_model, device="cuda:1", runtime="torch", threads=2)
    assert asked == [(a_model, "cuda:0", None), (a_model, "cuda:1", 2)]


def test_auto_takes_openvino_if_torch_cannot_use_the_card(a_model, monkeypatch):
    set_cards(monkeypatch, driver=1, torch=0)
    assert load_runtime(a_model).info.backend == "openvino"


@pytest.mark.parametrize(
    ("device", "driver", "torch", "sentence"),
    [
        ("cuda", 0, 0, "no NVIDIA graphics card or driver was found; use device cpu"),
        ("cuda:0", 1, 0, "the installed torch has no CUDA"),
        ("cuda:4", 2, 2, "cuda:4 was asked for, but the last of the 2 graphics cards is cuda:1"),
    ],
)
def test_a_card_that_cannot_be_used_is_refused_with_a_sentence(a_model, monkeypatch, device, driver, torch, sentence):
    set_cards(monkeypatch, driver=driver, torch=torch)
    with pytest.raises(NoGraphicsCardError, match=sentence):
        load_runtime(a_model, device=device)


@pytest.mark.parametrize(
    ("device", "runtime", "sentence"),
    [
        ("cuda", "openvino", "OpenVINO runs on the processor only"),
        ("gpu", "auto", "'gpu' is not known"),
        ("auto", "tensorrt", "'tensorrt' is not known; use auto, openvino, torch"),
    ],
)
def test_what_is_not_known_or_does_not_fit_is_refused_with_a_sentence(a_model, monkeypatch, device, runtime, sentence):
    set_cards(monkeypatch, driver=2, torch=2)
    with pytest.raises(InputError, match=sentence):
        load_runtime(a_model, device=device, runtime=runtime)


@pytest.mark.parametrize("error", [ImportError("openvino"), RuntimeError("unsupported processor")])
def test_torch_is_used_with_a_warning_where_openvino_fails(a_model, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(openvino_runtime, "OpenVinoRuntime", fail)
    loaded = load_runtime(a_model)
    assert loaded.info.backend == "torch"
    assert loaded.warnings == ("OpenVINO cannot run model tiny on this machine; torch is used, which is slower.",)
    with pytest.raises(ModelError, match="use runtime torch"):
        load_runtime(a_model, runtime="openvino")


def test_damaged_weights_are_an_error_and_no_reason_to_try_torch(a_model, tmp_path):
    (tmp_path / a_model.file).write_bytes(b"other")
    with pytest.raises(ModelError, match="damaged or replaced"):
        load_runtime(a_model.model_copy(update={"folder": tmp_path}))


def info(backend: str, device: str = "cpu") -> RuntimeInfo:
    return RuntimeInfo(device=device, backend=backend, threads=1, precision="f32")


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_a_further_model_runs_as_the_first_does(a_model, backend):
    loaded = load_beside(a_model, info(backend))
    assert (loaded.info.device, loaded.info.backend, loaded.info.threads) == ("cpu", backend, 1)


def test_a_further_model_stays_on_the_processor_beside_one_there_and_on_its_card(a_model, monkeypatch):
    set_cards(monkeypatch, driver=2, torch=2)
    assert load_beside(a_model, info("openvino")).info.device == "cpu"
    asked = []
    monkeypatch.setattr(select, "_load_torch", lambda _, device, threads: asked.append((device, threads)))
    load_beside(a_model, info("torch", "cuda:1"))
    assert asked == [("cuda:1", 1)]


def test_a_further_model_that_openvino_cannot_run_falls_back_to_torch_too(a_model, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(openvino_runtime, "OpenVinoRuntime", refuse)
    loaded = load_beside(a_model, info("openvino"))
    assert loaded.info.backend == "torch"
    assert loaded.warnings == ("OpenVINO cannot run model tiny on this machine; torch is used, which is slower.",)
