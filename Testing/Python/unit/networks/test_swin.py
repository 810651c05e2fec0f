# SPDX-License-Identifier: Apache-2.0
"""Windows and what passes between them."""

from __future__ import annotations

import pytest
import torch
from builders.errors import raises

from ICHSegmentationLib.networks.blocks.swin import PatchExpanding, PatchMerging, SwinBlock
from ICHSegmentationLib.systems import build_network


def reach(block, row, column):
    """Which places' input changes the output at one place."""
    x = torch.randn(1, 8, 8, 4, generator=torch.Generator().manual_seed(0), requires_grad=True)
    block(x)[0, row, column].sum().backward()
    return x.grad[0].abs().sum(dim=-1) > 1e-9


def block(*, shifted, window=4):
    torch.manual_seed(1)
    return SwinBlock(4, size=8, window=window, heads=2, shifted=shifted)


def test_a_place_sees_its_own_window():
    seen = reach(block(shifted=False), 1, 6)
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[:4, 4:] = True
    assert torch.equal(seen, expected)


def test_a_shifted_window_lies_across_the_old_borders_and_does_not_wrap_around():
    middle = torch.zeros(8, 8, dtype=torch.bool)
    middle[2:6, 2:6] = True
    assert torch.equal(reach(block(shifted=True), 3, 4), middle)
    corner = torch.zeros(8, 8, dtype=torch.bool)
    corner[:2, :2] = True
    assert torch.equal(reach(block(shifted=True), 0, 1), corner)


def test_a_map_of_one_window_is_seen_whole():
    assert reach(block(shifted=True, window=14), 0, 0).all()


def test_merging_halves_and_expanding_enlarges():
    x = torch.rand(2, 8, 8, 4)
    assert PatchMerging(4)(x).shape == (2, 4, 4, 8)
    expanding = PatchExpanding(4, 3, factor=4)
    assert expanding(x).shape == (2, 32, 32, 3)
    # Each place fills its own square.
    y = x.clone()
    y[:, 2, 5] += 1
    changed = (expanding(y) != expanding(x)).any(dim=-1)[0]
    assert changed[8:12, 20:24].all()
    assert changed.sum() == 16


@pytest.mark.parametrize("system", ["two_stage", "two_stage_swin_unet"])
def test_a_crop_gives_logits_of_its_size_and_other_sizes_are_refused(system):
    network = build_network(system, "compact", classes=2).eval()
    with torch.inference_mode():
        assert network(torch.rand(1, 1, 224, 224)).shape == (1, 2, 224, 224)
    with raises(ValueError, "networks.image_size", stride=224, height=256, width=256):
        network(torch.rand(1, 1, 256, 256))
