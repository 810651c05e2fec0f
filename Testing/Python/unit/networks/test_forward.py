# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from builders.errors import raises
from torch.nn import functional

from ICHSegmentationLib.systems import build_network

pytestmark = pytest.mark.slow

CASES = [(system, preset) for system in ("hardnet", "transhardnet") for preset in ("paper", "compact")]
CASES += [("symtransnet", "compact"), ("attfocusnet", "compact")]


@pytest.fixture(scope="module", params=CASES, ids="/".join)
def a_network(request):
    torch.manual_seed(0)
    return build_network(*request.param, in_channels=3).eval()


@pytest.fixture(scope="module")
def a_compact_network():
    torch.manual_seed(0)
    return build_network("transhardnet", "compact", in_channels=3).eval()


def relative_difference(a, b):
    return float((a - b).abs().max() / b.abs().max())


def test_result_of_an_image_does_not_depend_on_its_place_in_the_batch(a_network):
    torch.manual_seed(1)
    images = torch.rand(3, 3, 128, 128)

    with torch.inference_mode():
        alone = torch.cat([a_network(image[None]) for image in images])
        together = a_network(images)
        reversed_ = a_network(images.flip(0)).flip(0)

    assert relative_difference(together, alone) < 1e-4
    assert relative_difference(reversed_, alone) < 1e-4
    assert relative_difference(alone[:1], alone[1:2]) > 1e-2


@pytest.mark.parametrize("size", [(64, 64), (128, 192), (320, 64)])
def test_output_follows_the_size_of_the_input(a_network, size):
    with torch.inference_mode():
        assert a_network(torch.rand(1, 3, *size)).shape == (1, 6, *size)


def test_evaluation_is_repeatable_and_training_drops_channels(a_compact_network):
    image = torch.rand(1, 3, 128, 128)

    with torch.no_grad():
        assert torch.equal(a_compact_network(image), a_compact_network(image))
        a_compact_network.bottleneck.train()
        different = not torch.equal(a_compact_network(image), a_compact_network(image))
        a_compact_network.eval()

    assert different


@pytest.mark.parametrize(("preset", "stride"), [("paper", 64), ("compact", 32)])
def test_size_that_does_not_divide_is_refused(preset, stride):
    network = build_network("transhardnet", preset)

    assert network.stride == stride
    with raises(ValueError, "networks.image_size", stride=stride, height=100, width=128):
        network(torch.rand(1, 1, 100, 128))


def test_wrong_number_of_channels_is_refused(a_compact_network):
    with raises(ValueError, "networks.image_shape", channels=3, shape=(1, 1, 64, 64)):
        a_compact_network(torch.rand(1, 1, 64, 64))


def test_compact_stem_halves_the_image_where_the_paper_quarters_it(a_compact_network):
    assert a_compact_network.stem_stride == 2
    with torch.inference_mode():
        assert a_compact_network.stem(torch.zeros(1, 3, 64, 64)).shape == (1, 16, 32, 32)


def test_compact_network_learns_a_bright_square():
    torch.manual_seed(0)
    network = build_network("transhardnet", "compact", classes=2)
    images = 0.1 * torch.rand(4, 1, 64, 64)
    target = torch.zeros(4, 64, 64, dtype=torch.long)
    for n in range(4):
        images[n, :, 8 * n + 8 : 8 * n + 24, 20:40] += 0.8
        target[n, 8 * n + 8 : 8 * n + 24, 20:40] = 1
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)

    for step in range(20):
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(images), target)
        loss.backward()
        if step == 0:
            first = loss.item()
            assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
        optimiser.step()

    assert first == pytest.approx(0.69, abs=0.1)
    with torch.no_grad():
        found = network(images).argmax(1)
    dice = 2 * (found * target).sum() / (found.sum() + target.sum())
    assert dice > 0.9


@pytest.mark.parametrize("classes", [2, 6])
@pytest.mark.parametrize("system", ["unet", "symtransnet", "attfocusnet", "se_unet_3d"])
def test_training_starts_with_blood_about_as_rare_as_it_is(system, classes):
    # If it starts with much blood everywhere, the features that speak for blood are silenced before any is learnt.
    blood = []
    for seed in range(4):
        torch.manual_seed(seed)
        network = build_network(system, "compact", in_channels=2, classes=classes)
        images = torch.rand(2, 2, *((16, 32, 32) if system == "se_unet_3d" else (64, 64)))
        with torch.no_grad():
            blood.append(float(1 - network(images).softmax(1)[:, 0].mean()))

    assert min(blood) > 0.01
    assert max(blood) < 0.2
