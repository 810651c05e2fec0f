# SPDX-License-Identifier: Apache-2.0
"""OpenVINO gives what torch gives.

Stated tolerance: in f32 probabilities within 1e-4, so that labels differ only where two classes are that close; in
bf16 probabilities within 0.1 and at most 1 % of labels different, on random weights (trained ones are surer).
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders.tiny_model import FIELDS, TINY, load_openvino, load_runtime, random_state, register_model

from ICHSegmentationLib.systems import build_network

pytestmark = pytest.mark.slow

# The transformer reads the size of its grid from the image, which a converter could bake in.
TINY_TRANSFORMER = TINY | {"embedding": 8, "transformer_layers": 1, "heads": 2, "mlp": 16}
OVERRIDES = {
    "hardnet": TINY,
    "transhardnet": TINY_TRANSFORMER,
    "symtransnet": {"widths": (4, 8, 8, 16), "embedding": 8, "layers": 2, "heads": 2, "mlp": 16, "grid": (4, 6)},
    "attfocusnet": {"widths": (4, 8, 8, 8, 16)},
}


@pytest.fixture(params=OVERRIDES)
def a_model_of_any_kind(request, tmp_path, monkeypatch):
    monkeypatch.setenv("ICHSEG_CACHE", str(tmp_path / "cache"))
    overrides = OVERRIDES[request.param]
    fields = FIELDS | {"system": request.param, "network": overrides}
    # AttFocusNet's fresh weights are surer than the others', and rounding grows with them.
    state = random_state(request.param, sureness=20.0 if request.param == "attfocusnet" else 100.0, **overrides)
    return register_model(fields, state, folder=tmp_path, with_graph=True)


def closeness_of_classes(probabilities: np.ndarray) -> np.ndarray:
    """Distance of the two likeliest classes of each pixel."""
    ordered = np.sort(probabilities, axis=1)
    return ordered[:, -1] - ordered[:, -2]


def test_openvino_in_f32_gives_the_probabilities_and_labels_of_torch(a_model_of_any_kind):
    runtime = load_openvino(a_model_of_any_kind, precision="f32")
    reference = load_runtime(a_model_of_any_kind, device="cpu", runtime="torch")
    generator = np.random.default_rng(0)

    for shape in [(5, 3, 64, 128), (2, 3, 192, 64)]:
        images = generator.random(shape, dtype=np.float32)
        result, expected = runtime.probabilities(images), reference.probabilities(images)
        assert result.shape == (shape[0], 6, *shape[2:])
        assert expected.std() > 0.1
        assert np.abs(result - expected).max() < 1e-4
        different = result.argmax(1) != expected.argmax(1)
        assert np.all(closeness_of_classes(expected)[different] < 2e-4)


def test_openvino_in_bf16_gives_nearly_the_same(a_model, a_filled_cache, monkeypatch, some_images):
    monkeypatch.setenv("ICHSEG_CACHE", str(a_filled_cache))
    runtime = load_openvino(a_model)
    if runtime.info.precision != "bf16":
        pytest.skip("this processor has no bf16")
    expected = load_openvino(a_model, precision="f32").probabilities(some_images)
    result = runtime.probabilities(some_images)
    assert np.abs(result - expected).max() < 0.1
    assert np.mean(result.argmax(1) != expected.argmax(1)) < 0.01


@pytest.mark.parametrize("with_graph", [False, True])
def test_patches_of_volumes_have_the_same_probabilities_alone_and_among_others_in_either_runtime(
    tmp_path, monkeypatch, with_graph
):
    monkeypatch.setenv("ICHSEG_CACHE", str(tmp_path / "cache"))
    network = {"widths": (8, 8, 16, 16)}
    fields = FIELDS | {"system": "se_unet_3d", "classes": ["background", "IPH"], "network": network}
    fields |= {"neighbours": 0, "patches": {"size": (8, 16, 16), "stride": (3, 7, 7)}}
    torch.manual_seed(0)
    state = build_network("se_unet_3d", "compact", in_channels=2, classes=2, **network).state_dict()
    state["head.weight"] *= 20
    entry = register_model(fields, state, folder=tmp_path, with_graph=with_graph)
    patches = np.random.default_rng(0).random((5, 2, 8, 16, 16), dtype=np.float32)

    expected = load_runtime(entry, device="cpu", runtime="torch").probabilities(patches)
    runtime = load_openvino(entry, precision="f32")
    found = runtime.probabilities(patches)
    alone = np.concatenate([runtime.probabilities(patch[None]) for patch in patches])

    assert expected.shape == (5, 2, 8, 16, 16)
    assert expected.std() > 0.1
    assert np.abs(found - expected).max() < 1e-4
    np.testing.assert_allclose(alone, found, atol=1e-6)
