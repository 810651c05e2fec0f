# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from builders.errors import raises

from ICHSegmentationLib.networks.blocks.symmetric_transformer import SymmetricLayer, SymmetricTransformer
from ICHSegmentationLib.networks.blocks.transformer import TransformerLayer
from ICHSegmentationLib.systems import build_network

LAYER = {"embedding": 8, "heads": 2, "mlp": 16, "dropout": 0.0, "bias": True}


@pytest.fixture
def a_layer():
    torch.manual_seed(0)
    return SymmetricLayer(**LAYER).eval()


@pytest.fixture
def some_tokens():
    return torch.rand(1, 2, 3, 8, generator=torch.Generator().manual_seed(1))


def test_keys_come_from_the_mirrored_features(a_layer, some_tokens):
    with torch.inference_mode():
        query, _, value = a_layer.query_key_value(some_tokens)[0].flatten(0, 1).split(8, dim=-1)
        _, key, _ = a_layer.query_key_value(some_tokens.flip(2))[0].flatten(0, 1).split(8, dim=-1)
        heads = [
            torch.softmax(query[:, h] @ key[:, h].T / 2.0, dim=-1) @ value[:, h] for h in (slice(0, 4), slice(4, 8))
        ]
        expected = a_layer.attention_out(torch.cat(heads, dim=-1)).unflatten(0, (2, 3))
        torch.testing.assert_close(a_layer.attention(some_tokens)[0], expected)


def test_with_mirrored_values_too_it_is_plain_attention(a_layer, some_tokens):
    both = SymmetricLayer(**LAYER, mirror_value=True).eval()
    plain = TransformerLayer(**LAYER).eval()
    both.load_state_dict(a_layer.state_dict())
    plain.load_state_dict(a_layer.state_dict())
    with torch.inference_mode():
        expected = plain(some_tokens.flatten(1, 2)).unflatten(1, (2, 3))
        torch.testing.assert_close(both(some_tokens), expected)
        assert (a_layer(some_tokens) - expected).abs().max() > 1e-4


def test_a_mirrored_map_gives_the_mirrored_result(a_layer, some_tokens):
    with torch.inference_mode():
        torch.testing.assert_close(a_layer(some_tokens.flip(2)), a_layer(some_tokens).flip(2))


def test_larger_tokens_are_fewer_and_give_a_map_of_the_same_size():
    torch.manual_seed(0)
    block = SymmetricTransformer(4, layers=1, token_size=2, grid=(3, 3), **LAYER).eval()
    seen = []
    block.layers.register_forward_hook(lambda _module, inputs, _output: seen.append(tuple(inputs[0].shape)))
    with torch.inference_mode():
        assert block(torch.rand(2, 4, 8, 12)).shape == (2, 4, 8, 12)
    assert seen == [(2, 4, 6, 8)]


def test_a_place_keeps_its_code_when_the_middle_of_the_image_is_shown_alone():
    transformer = SymmetricTransformer(4, layers=1, token_size=1, grid=(6, 8), **LAYER)
    with torch.no_grad():
        transformer.position.copy_(torch.rand(1, 8, 6, 8))
    whole = transformer._position_of(torch.zeros(1, 8, 6, 8))
    torch.testing.assert_close(whole, transformer.position)
    torch.testing.assert_close(transformer._position_of(torch.zeros(1, 8, 4, 6)), whole[:, :, 1:5, 1:7])
    larger = transformer._position_of(torch.zeros(1, 8, 8, 8))
    torch.testing.assert_close(larger[:, :, 1:7], whole)
    torch.testing.assert_close(larger[:, :, :1], whole[:, :, :1])


def test_learned_position_tells_tokens_apart():
    torch.manual_seed(0)
    block = SymmetricTransformer(4, layers=1, token_size=1, grid=(4, 4), **LAYER).eval()
    with torch.inference_mode():
        assert torch.allclose(block(torch.ones(1, 4, 4, 4))[0, :, 0, 0], block(torch.ones(1, 4, 4, 4))[0, :, 3, 2])
        block.position[0, :, 3, 2] = torch.linspace(-1, 1, 8)
        moved = block(torch.ones(1, 4, 4, 4))[0]
    assert (moved[:, 3, 2] - moved[:, 0, 0]).abs().max() > 1e-2


@pytest.mark.parametrize(("preset", "stride"), [("paper", 8), ("compact", 16)])
def test_size_that_does_not_divide_is_refused(preset, stride):
    with torch.device("meta"):
        network = build_network("symtransnet", preset)
        with raises(ValueError, "networks.image_size", stride=stride, height=100, width=128):
            network(torch.rand(1, 1, 100, 128))
