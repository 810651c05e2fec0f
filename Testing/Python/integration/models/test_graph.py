# SPDX-License-Identifier: Apache-2.0
"""A model's graph: with it a model runs where there is no torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from builders.errors import raises
from builders.tiny_model import FIELDS, TINY, load_converted, load_network, random_state, register_model

from ICHSegmentationLib.core.errors import ChecksumError, ModelError
from ICHSegmentationLib.models import get_model, load_manifest
from ICHSegmentationLib.models.runtimes import conversion
from ICHSegmentationLib.models.runtimes.conversion import check_against_torch
from ICHSegmentationLib.models.runtimes.graph import encode_graph, load_graph
from ICHSegmentationLib.networks.interface import answer_of

REPOSITORY = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def a_folder_with_a_graph(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    register_model(FIELDS, random_state(**TINY), folder=folder, with_graph=True)
    return folder


@pytest.fixture
def a_model_with_a_graph(a_folder_with_a_graph):
    return get_model("tiny", folder=a_folder_with_a_graph)


@pytest.mark.parametrize("name", [entry.name for entry in load_manifest().models])
def test_each_model_of_the_package_has_a_graph_that_gives_what_torch_gives(name):
    entry = get_model(name)
    model = load_graph(entry)
    assert model is not None, f"{name}: publish it again, register_model(..., with_graph=True)"
    network = load_network(entry)
    answering = torch.nn.Sequential(network, answer_of(network)).eval()
    check_against_torch(model, answering, channels=entry.input_spec.channels, sides=entry.sides)


def test_a_model_with_a_graph_needs_no_torch_and_no_cache(a_folder_with_a_graph, tmp_path):
    code = f"""
import sys
sys.modules["torch"] = None  # as where it is not installed
from pathlib import Path
import numpy as np
from ICHSegmentationLib.models import get_model, load_runtime
from ICHSegmentationLib.systems import network_for
entry = get_model(folder=Path({str(a_folder_with_a_graph)!r}))
runtime = load_runtime(entry, build=network_for, device="cpu")
result = runtime.probabilities(np.zeros((3, 3, 64, 128), np.float32))
print(runtime.info.backend, result.shape, runtime.warnings, "openvino.tools.ovc" in sys.modules)
"""
    environment = os.environ | {"ICHSEG_CACHE": str(tmp_path / "cache")}
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert output == "openvino (3, 6, 64, 128) () False\n"
    assert not (tmp_path / "cache").exists()


def test_graph_and_conversion_give_the_same(a_model_with_a_graph, an_empty_cache, some_images):
    assert not an_empty_cache.exists()
    built, _ = load_converted(a_model_with_a_graph)
    converted, _ = load_converted(a_model_with_a_graph.model_copy(update={"graph": None}))
    first, second = (
        conversion.import_openvino().compile_model(model, "CPU")(some_images)[0] for model in (built, converted)
    )
    assert np.abs(first - second).max() < 1e-5
    assert first.std() > 0.05


def test_a_graph_holds_no_weights(a_model_with_a_graph):
    with zipfile.ZipFile(a_model_with_a_graph.folder / a_model_with_a_graph.graph) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    assert sizes.keys() == {"graph.xml", "graph.bin"}
    assert sizes["graph.bin"] < 2000


def test_a_changed_graph_is_refused_before_it_is_read(a_model_with_a_graph, tmp_path):
    data = bytearray((a_model_with_a_graph.folder / a_model_with_a_graph.graph).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / a_model_with_a_graph.graph).write_bytes(data)
    with raises(ChecksumError, "models.graph_damaged", name="tiny"):
        load_graph(a_model_with_a_graph.model_copy(update={"folder": tmp_path}))


def test_a_missing_graph_is_named(a_model_with_a_graph, tmp_path):
    with raises(ModelError, "models.graph_missing", name="tiny"):
        load_graph(a_model_with_a_graph.model_copy(update={"folder": tmp_path}))


def test_a_graph_that_this_openvino_cannot_read_gives_way_to_conversion(a_model_with_a_graph, tmp_path, monkeypatch):
    from ICHSegmentationLib.models.runtimes import graph

    monkeypatch.setattr(graph, "_read", lambda _entry: (b"<net name='from the future' version='99'/>", b""))
    monkeypatch.setenv("ICHSEG_CACHE", str(tmp_path))
    assert load_graph(a_model_with_a_graph) is None
    monkeypatch.setattr(conversion, "load_network", lambda entry, **_: pytest.fail(f"asked to convert {entry.name}"))
    with pytest.raises(pytest.fail.Exception, match="asked to convert tiny"):
        load_converted(a_model_with_a_graph)


def test_a_graph_of_another_network_is_refused(a_model_with_a_graph, tmp_path):
    other = register_model(
        FIELDS | {"network": TINY | {"growths": (16,) * 5}},
        random_state(**TINY | {"growths": (16,) * 5}),
        folder=tmp_path,
    )
    graph = (a_model_with_a_graph.folder / a_model_with_a_graph.graph).read_bytes()
    (tmp_path / a_model_with_a_graph.graph).write_bytes(graph)
    update = {"graph": a_model_with_a_graph.graph, "graph_sha256": a_model_with_a_graph.graph_sha256}
    with raises(ModelError, "models.graph_misfit", name="tiny"):
        load_graph(other.model_copy(update=update))


def test_publishing_again_leaves_one_graph(tmp_path):
    state = random_state(**TINY)
    first = register_model(FIELDS, state, folder=tmp_path, with_graph=True)
    name = next(name for name, value in state.items() if value.ndim == 4)
    register_model(FIELDS, state | {name: torch.zeros_like(state[name])}, folder=tmp_path)
    assert not (tmp_path / first.graph).exists()
    (entry,) = json.loads((tmp_path / "manifest.json").read_text())["models"]
    assert entry["graph"] is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", entry["file"]]


def test_a_graph_leaves_the_network_as_it_was():
    from ICHSegmentationLib.systems import build_network

    network = build_network("hardnet", "compact", in_channels=3, **TINY).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    data = encode_graph(network, channels=3)
    assert zipfile.is_zipfile(BytesIO(data))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
