# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from ICHSegmentationLib.networks.blocks.squeeze_excitation import SqueezeExcitation
from ICHSegmentationLib.systems import build_network


@pytest.fixture(scope="module", params=["paper", "usual", "compact"])
def a_network(request):
    torch.manual_seed(0)
    return build_network("se_unet_3d", request.param, in_channels=2, classes=2).eval()


def test_patch_gives_two_logits_for_each_voxel(a_network):
    with torch.inference_mode():
        assert a_network(torch.rand(1, 2, 16, 32, 32)).shape == (1, 2, 16, 32, 32)


def test_result_of_a_patch_does_not_depend_on_its_place_in_the_batch(a_network):
    patches = torch.rand(2, 2, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        alone = torch.cat([a_network(patch[None]) for patch in patches])
        reversed_ = a_network(patches.flip(0)).flip(0)
    torch.testing.assert_close(reversed_, alone, rtol=1e-4, atol=1e-4)


def test_excitation_weighs_maps_by_the_mean_over_the_patch():
    torch.manual_seed(0)
    block = SqueezeExcitation(8, 4)
    patch = torch.rand(1, 8, 2, 4, 4)
    with torch.inference_mode():
        weight = block(patch) / patch
        expected = torch.sigmoid(
            torch.relu(patch.mean((2, 3, 4)) @ block.weight[0].weight.T) @ block.weight[2].weight.T
        )
    torch.testing.assert_close(weight, expected[:, :, None, None, None].expand_as(weight))


@pytest.mark.parametrize(("excitation", "blocks"), [("all", 7), ("bottom", 1), ("none", 0)])
def test_excitation_stands_where_asked_for(excitation, blocks):
    network = build_network("se_unet_3d", "compact", in_channels=2, classes=2, excitation=excitation)
    assert sum(isinstance(module, SqueezeExcitation) for module in network.modules()) == blocks
