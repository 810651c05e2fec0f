# SPDX-License-Identifier: Apache-2.0
"""The converted model: cached, checked, and done without where it cannot be cached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.tiny_model import load_converted, load_openvino

from ICHSegmentationLib.core.errors import ChecksumError, ModelError
from ICHSegmentationLib.models.runtimes import conversion
from ICHSegmentationLib.models.runtimes.conversion import convert_network
from ICHSegmentationLib.models.runtimes.model_cache import read_entry
from ICHSegmentationLib.models.runtimes.quiet_openvino import import_openvino
from ICHSegmentationLib.models.weights import sha256_hex

REPOSITORY = Path(__file__).resolve().parents[4]


def cached_file(cache: Path, name: str) -> Path:
    (found,) = cache.glob(f"openvino/*/{name}")
    return found


def run_python(code: str, **environment: str) -> str:
    """Run code in a fresh process, in the repository."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_second_start_imports_no_torch(a_models_folder, a_filled_cache):
    code = f"""
import sys
from pathlib import Path
import numpy as np
from ICHSegmentationLib.models import get_model, load_runtime
from ICHSegmentationLib.systems import network_for
entry = get_model(folder=Path({str(a_models_folder)!r}))
runtime = load_runtime(entry, build=network_for, device="cpu")
result = runtime.probabilities(np.zeros((3, 3, 64, 64), np.float32))
print(runtime.info.backend, result.shape, "torch" in sys.modules, "openvino.tools.ovc" in sys.modules)
"""
    assert run_python(code, ICHSEG_CACHE=str(a_filled_cache)) == "openvino (3, 6, 64, 64) False False\n"


def test_openvino_is_imported_without_telemetry(tmp_path):
    code = """
import sys
from ICHSegmentationLib.models.runtimes.quiet_openvino import import_openvino, import_converter
openvino = import_openvino()
print(openvino.Core().available_devices, "openvino_telemetry" in sys.modules)
import_converter()
print(callable(openvino.convert_model), "openvino_telemetry" in sys.modules)
"""
    # OpenVINO's telemetry keeps an identifier in ~/intel.
    output = run_python(code, HOME=str(tmp_path), LOCALAPPDATA=str(tmp_path))
    assert "'CPU'" in output.splitlines()[0]
    assert output.splitlines()[0].endswith("False")
    assert output.splitlines()[1] == "True False"
    assert list(tmp_path.iterdir()) == []


def test_a_cached_model_is_not_converted_again(a_model, a_filled_cache, monkeypatch):
    monkeypatch.setenv("ICHSEG_CACHE", str(a_filled_cache))
    monkeypatch.setattr(conversion, "load_network", lambda *_, **__: pytest.fail("the model was converted again"))
    model, warnings = load_converted(a_model)
    assert str(model.input(0).partial_shape) == "[?,3,?,?]"
    assert model.output(0).partial_shape[1] == 6
    assert warnings == ()


@pytest.mark.parametrize("name", ["model.xml", "model.bin"])
def test_a_damaged_cached_model_is_made_anew(a_model, an_empty_cache, some_images, name, caplog):
    expected = load_openvino(a_model, precision="f32").probabilities(some_images)
    path = cached_file(an_empty_cache, name)
    path.write_bytes(path.read_bytes()[:-7] + b"damaged")

    result = load_openvino(a_model, precision="f32").probabilities(some_images)
    np.testing.assert_array_equal(result, expected)
    assert "is damaged and is converted again" in caplog.text
    assert read_entry(path.parent) is not None


def test_a_cached_model_that_was_replaced_with_its_checksums_is_made_anew(a_model, an_empty_cache, some_images):
    expected = load_openvino(a_model, precision="f32").probabilities(some_images)
    path = cached_file(an_empty_cache, "model.bin")
    path.write_bytes(bytes(len(path.read_bytes())))  # all weights 0: no blood anywhere
    sums = {name: sha256_hex((path.parent / name).read_bytes()) for name in ("model.xml", "model.bin")}
    for name in ("checksums.json", "sha256.json"):
        (path.parent / name).write_text(json.dumps(sums))
    result = load_openvino(a_model, precision="f32").probabilities(some_images)
    np.testing.assert_array_equal(result, expected)


def test_a_cache_that_others_may_write_into_is_not_used(a_model, an_empty_cache, some_images):
    expected = load_openvino(a_model, precision="f32").probabilities(some_images)
    path = cached_file(an_empty_cache, "model.bin")
    an_empty_cache.chmod(0o777)
    before = path.stat().st_mtime_ns
    runtime = load_openvino(a_model, precision="f32")
    assert [(warning.code, warning.parameters) for warning in runtime.warnings] == [
        ("models.cache_shared", {"folder": an_empty_cache})
    ]
    np.testing.assert_array_equal(runtime.probabilities(some_images), expected)
    assert path.stat().st_mtime_ns == before


def test_weights_are_checked_even_if_the_converted_model_is_cached(a_model, a_filled_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("ICHSEG_CACHE", str(a_filled_cache))
    (tmp_path / a_model.file).write_bytes(b"other")
    with raises(ChecksumError, "models.weights_damaged", name="tiny"):
        load_converted(a_model.model_copy(update={"folder": tmp_path}))


@pytest.mark.parametrize(
    "change", [{"sha256": "1" * 64}, {"preset": "paper"}, {"neighbours": 2}, {"network": {}}, {"name": "other"}]
)
def test_whatever_changes_the_network_changes_its_place_in_the_cache(a_model, change):
    changed = a_model.model_copy(update=change)
    assert conversion._cache_key(changed, "1") != conversion._cache_key(a_model, "1")
    assert conversion._cache_key(a_model, "2") != conversion._cache_key(a_model, "1")
    assert conversion._cache_key(a_model.model_copy(update={"quality": {"dice": 1}}), "1") == conversion._cache_key(
        a_model, "1"
    )


def test_a_cache_that_cannot_be_written_is_a_warning(a_model, tmp_path, monkeypatch, some_images):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("ICHSEG_CACHE", str(blocked / "cache"))
    runtime = load_openvino(a_model, precision="f32")

    assert len(runtime.warnings) == 1
    assert [warning.code for warning in runtime.warnings] == ["models.cache_not_written"]
    np.testing.assert_allclose(runtime.probabilities(some_images).sum(axis=1), 1, atol=1e-5)


def test_a_full_disk_is_a_warning_and_leaves_no_half_model(a_model, an_empty_cache, monkeypatch):
    openvino = import_openvino()
    save_model = openvino.save_model

    def save_half(model, path, **kwargs):
        save_model(model, path, **kwargs)
        weights = path.with_suffix(".bin")
        weights.write_bytes(weights.read_bytes()[:1000])

    monkeypatch.setattr(openvino, "save_model", save_half)
    _, warnings = load_converted(a_model)
    assert [warning.code for warning in warnings] == ["models.cache_not_written"]
    assert list((an_empty_cache / "openvino").iterdir()) == []


class FixedSize(torch.nn.Module):
    """Bakes the traced size into the graph, as an unlucky network could."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.cat([images, images * (int(images.shape[2]) / 64)], dim=1)


def test_a_network_that_converts_wrongly_is_refused():
    with raises(ModelError, "models.openvino_differs"):
        convert_network(FixedSize(), channels=1)
