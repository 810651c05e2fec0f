# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from ICHSegmentationLib.networks.blocks.attention_gate import AttentionGate
from ICHSegmentationLib.systems import build_network

WIDTHS = (4, 8, 16)


@pytest.mark.parametrize("join", ["concat", "add"])
def test_gate_weighs_each_pixel_of_the_skip_by_one_number(join):
    torch.manual_seed(0)
    gate = AttentionGate(4, 2, join=join).eval()
    decoder, skip = torch.rand(2, 4, 6, 6), torch.rand(2, 4, 6, 6) + 0.5
    with torch.inference_mode():
        weight = gate(decoder, skip) / skip
    torch.testing.assert_close(weight, weight[:, :1].expand_as(weight))
    assert 0 < weight.min() < weight.max() < 1


def test_a_closed_gate_hides_the_skip():
    torch.manual_seed(0)
    gate = AttentionGate(4, 2, join="concat").eval()
    torch.nn.init.constant_(gate.weight[1].bias, -60.0)
    with torch.inference_mode():
        assert gate(torch.rand(1, 4, 6, 6), torch.ones(1, 4, 6, 6)).abs().max() < 1e-20


def test_focus_sees_every_pixel_that_pooling_drops():
    torch.manual_seed(0)
    image = torch.rand(1, 1, 16, 16)
    seen = {}
    for focus in (True, False):
        network = build_network("attfocusnet", "compact", classes=2, widths=WIDTHS, focus=focus, gates="none").eval()
        for block in network.encoder[:1]:
            block.register_forward_hook(lambda _module, _inputs, output: output.requires_grad_())
        inner = []
        network.encoder[1].register_forward_hook(lambda _module, inputs, _output, kept=inner: kept.append(inputs[0]))
        first = []
        network.encoder[0].register_forward_hook(lambda _module, _inputs, output, kept=first: kept.append(output))
        network(image)
        (gradient,) = torch.autograd.grad(inner[0].sum(), first[0])
        seen[focus] = float((gradient != 0).float().mean())
    assert seen[True] > 0.9
    assert seen[False] <= 0.5


def test_gates_and_focus_can_be_left_out():
    with torch.device("meta"):
        names = {
            (focus, gates): {
                name.split(".")[0]
                for name, _ in build_network(
                    "attfocusnet", "compact", widths=WIDTHS, focus=focus, gates=gates
                ).named_parameters()
            }
            for focus in (True, False)
            for gates in ("concat", "none")
        }
    assert names[True, "concat"] - names[False, "concat"] == {"focus"}
    assert names[True, "concat"] - names[True, "none"] == {"gates"}
