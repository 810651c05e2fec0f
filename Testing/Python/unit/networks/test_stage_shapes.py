# SPDX-License-Identifier: Apache-2.0
"""Table 2 of the TransHarDNet paper, at 512 x 512 pixels."""

from __future__ import annotations

import pytest
import torch

from ICHSegmentationLib.systems import build_network

# Height and width, feature maps. The second of each encoder pair is Table 2's "down sampling block" before its pooling
# (which the next block's size shows); the decoder's is the block behind the "up sampling block".
TABLE_2 = {
    "stem": (128, 48),
    "encoder_blocks.0": (128, 48),
    "encoder_blocks.1": (64, 78),
    "encoder_blocks.2": (32, 160),
    "encoder_blocks.3": (16, 214),
    "encoder_blocks.4": (8, 286),
    "encoder_transitions.0": (128, 64),
    "encoder_transitions.1": (64, 96),
    "encoder_transitions.2": (32, 160),
    "encoder_transitions.3": (16, 224),
    "encoder_transitions.4": (8, 320),
    "bottleneck": (8, 320),
    "decoder_blocks.0": (16, 214),
    "decoder_blocks.1": (32, 160),
    "decoder_blocks.2": (64, 78),
    "decoder_blocks.3": (128, 48),
    "decoder_transitions.0": (16, 267),
    "decoder_transitions.1": (32, 187),
    "decoder_transitions.2": (64, 119),
    "decoder_transitions.3": (128, 63),
}
TRANSFORMER = {
    "bottleneck.projection": (1, 512, 8, 8),
    "bottleneck.layers": (1, 64, 512),
    "bottleneck.mix": (1, 512, 8, 8),
}


@pytest.fixture(scope="module")
def the_stage_shapes():
    network = build_network("transhardnet", "paper").eval()
    modules = dict(network.named_modules())
    shapes = {}
    for name in [*TABLE_2, *TRANSFORMER]:
        modules[name].register_forward_hook(
            lambda _m, _i, output, name=name: shapes.update({name: tuple(output.shape)})
        )
    with torch.inference_mode():
        shapes["output"] = tuple(network(torch.zeros(1, 1, 512, 512)).shape)
    return shapes


@pytest.mark.parametrize(("stage", "expected"), TABLE_2.items())
def test_stage_has_the_shape_of_table_2(the_stage_shapes, stage, expected):
    size, channels = expected

    assert the_stage_shapes[stage] == (1, channels, size, size)


@pytest.mark.parametrize(("stage", "expected"), TRANSFORMER.items())
def test_transformer_works_on_64_tokens_of_512_channels(the_stage_shapes, stage, expected):
    assert the_stage_shapes[stage] == expected


def test_pooling_halves_what_the_next_block_sees(the_stage_shapes):
    assert the_stage_shapes["encoder_blocks.1"][2] * 2 == the_stage_shapes["encoder_transitions.0"][2]


def test_output_has_the_size_of_the_image(the_stage_shapes):
    assert the_stage_shapes["output"] == (1, 6, 512, 512)
