# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from builders.errors import raises

from ICHSegmentationLib.networks.blocks.transformer import TransformerBottleneck, TransformerLayer


@pytest.fixture
def a_bottleneck():
    torch.manual_seed(0)
    return TransformerBottleneck(16, embedding=32, layers=2, heads=4, mlp=64, dropout=0.1).eval()


def test_attention_is_the_softmax_of_scaled_products_of_each_head():
    torch.manual_seed(0)
    a_layer = TransformerLayer(embedding=8, heads=2, mlp=16, dropout=0.0).eval()
    tokens = torch.rand(1, 3, 8)

    with torch.inference_mode():
        query, key, value = a_layer.query_key_value(tokens)[0].split(8, dim=-1)
        heads = [
            torch.softmax(query[:, h] @ key[:, h].T / 2.0, dim=-1) @ value[:, h] for h in (slice(0, 4), slice(4, 8))
        ]
        expected = a_layer.attention_out(torch.cat(heads, dim=-1))
        torch.testing.assert_close(a_layer.attention(tokens)[0], expected)


def test_token_knows_its_place(a_bottleneck):
    # Inner tokens of a constant map look alike to the 3x3 projection; only the position code tells them apart.
    with torch.inference_mode():
        result = a_bottleneck(torch.ones(1, 16, 6, 6))

    assert (result[0, :, 2, 2] - result[0, :, 3, 3]).abs().max() > 1e-3


def test_token_sees_the_far_corner(a_bottleneck):
    features = torch.zeros(1, 16, 8, 8)
    changed = features.clone()
    changed[:, :, 7, 7] = 5.0

    with torch.inference_mode():
        difference = a_bottleneck(changed) - a_bottleneck(features)

    assert difference[0, :, 0, 0].abs().max() > 1e-5


def test_grid_need_not_be_square(a_bottleneck):
    with torch.inference_mode():
        wide = a_bottleneck(torch.ones(2, 16, 2, 5))

    assert wide.shape == (2, 16, 2, 5)


@pytest.mark.parametrize(("embedding", "heads"), [(30, 3), (32, 5)])
def test_embedding_that_cannot_be_divided_is_refused(embedding, heads):
    with raises(ValueError, "networks.embedding", embedding=embedding, heads=heads):
        TransformerBottleneck(16, embedding=embedding, layers=1, heads=heads, mlp=8, dropout=0.0)
