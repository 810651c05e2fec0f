# SPDX-License-Identifier: Apache-2.0
"""Weights are used only if they are the ones that the manifest describes."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from builders.errors import raises
from builders.tiny_model import TINY, load_network, random_state
from safetensors.numpy import load

from ICHSegmentationLib.core.errors import ChecksumError, MissingModelError, ModelError
from ICHSegmentationLib.models.weights import encode_weights, read_verified, read_weights, sha256_hex


@pytest.fixture
def a_movable_model(a_model, tmp_path):
    """The tiny model in a folder of its own, free to be damaged."""
    (tmp_path / a_model.file).write_bytes(a_model.path.read_bytes())
    return a_model.model_copy(update={"folder": tmp_path})


def test_weights_are_stored_as_float16_and_read_as_float32():
    encoded = encode_weights({"a": np.float32([1.0, 1 / 3]), "count": np.int64([7])})

    stored = load(encoded)
    assert stored["a"].dtype == np.float16
    assert stored["a"].tolist() == [1.0, float(np.float16(1 / 3))]
    assert stored["count"].tolist() == [7]
    assert stored["count"].dtype == np.int64


def test_the_network_gets_the_stored_weights(a_model):
    network = load_network(a_model)

    assert not network.training
    for name, value in random_state(**TINY).items():
        np.testing.assert_allclose(network.state_dict()[name].numpy(), value.numpy(), rtol=1e-3, atol=1e-7)


def test_numbers_that_float16_cannot_hold_are_stored_as_float32():
    stored = load(encode_weights({"bn.running_var": np.float32([1 / 3, 793364.25]), "bn.bias": np.float32([0.5])}))
    assert stored["bn.running_var"].dtype == np.float32
    assert stored["bn.running_var"].tolist() == [float(np.float32(1 / 3)), 793364.25]
    assert stored["bn.bias"].dtype == np.float16


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value):
    with raises(ModelError, "models.weights_not_finite", name="layer.bias"):
        encode_weights({"layer.bias": np.float32([0.0, value])})


def test_one_changed_byte_is_refused(a_movable_model):
    data = bytearray(a_movable_model.path.read_bytes())
    data[len(data) // 2] ^= 1
    a_movable_model.path.write_bytes(data)

    with raises(ChecksumError, "models.weights_damaged", name="tiny", path=a_movable_model.path):
        read_weights(a_movable_model)


def test_missing_weights_are_named(a_movable_model):
    a_movable_model.path.unlink()
    with raises(MissingModelError, "models.weights_missing", name="tiny", path=a_movable_model.path):
        read_verified(a_movable_model)


def test_a_pickle_is_not_opened_even_if_the_manifest_describes_it(a_movable_model):
    data = pickle.dumps({"a": np.zeros(3)})
    a_movable_model.path.write_bytes(data)
    entry = a_movable_model.model_copy(update={"sha256": sha256_hex(data)})

    with raises(ModelError, "models.weights_not_safetensors", name="tiny"):
        read_weights(entry)


def test_weights_of_another_network_are_refused(a_model):
    with raises(ModelError, "models.weights_misfit", name="tiny", system="hardnet", preset="compact"):
        load_network(a_model.model_copy(update={"neighbours": 0}))
