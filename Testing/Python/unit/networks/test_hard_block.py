# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from ICHSegmentationLib.networks.blocks.hard_block import HarmonicDenseBlock, harmonic_links, layer_width


@pytest.mark.parametrize(
    ("layer", "links"),
    [(1, [0]), (2, [1, 0]), (3, [2]), (4, [3, 2, 0]), (5, [4]), (6, [5, 4]), (7, [6]), (8, [7, 6, 4, 0])],
)
def test_layer_is_linked_at_powers_of_two_that_divide_its_number(layer, links):
    assert harmonic_links(layer) == links


@pytest.mark.parametrize(
    ("growth", "multiplier", "multiple", "widths"),
    [
        (10, 1.7, 2, [10, 18, 10, 28]),
        (16, 1.7, 2, [16, 28, 16, 46, 16, 28, 16, 78]),
        (32, 1.4, 16, [32, 48, 32, 64, 32, 48, 32, 80]),
    ],
)
def test_width_grows_with_the_links_and_is_rounded(growth, multiplier, multiple, widths):
    assert [layer_width(k, growth, multiplier, multiple) for k in range(1, len(widths) + 1)] == widths


def test_output_is_the_odd_layers_and_the_last_one_in_order():
    a_block = HarmonicDenseBlock(3, growth=10, layers=4, multiplier=1.7, multiple=2).eval()
    outputs = {}
    for k, convolution in enumerate(a_block.convolutions, start=1):
        convolution.register_forward_hook(lambda _m, _i, output, k=k: outputs.update({k: output}))

    with torch.inference_mode():
        result = a_block(torch.rand(1, 3, 8, 8))

    assert a_block.out_channels == 48
    torch.testing.assert_close(result, torch.cat([outputs[1], outputs[3], outputs[4]], dim=1), rtol=0, atol=0)


def test_last_layer_sees_the_input_of_the_block():
    a_block = HarmonicDenseBlock(3, growth=10, layers=4, multiplier=1.7, multiple=2).eval()
    seen = []
    a_block.convolutions[3].register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    image = torch.rand(1, 3, 8, 8)

    with torch.inference_mode():
        a_block(image)

    assert seen[0].shape == (1, 10 + 18 + 3, 8, 8)
    torch.testing.assert_close(seen[0][:, 28:], image, rtol=0, atol=0)
