# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from builders.errors import raises

from ICHSegmentationLib.systems import build_network, get_system, system_names


@pytest.fixture(autouse=True)
def a_device_without_memory():
    """Networks are built without values here: only names and shapes are read."""
    with torch.device("meta"):
        yield


PARAMETERS = [
    ("hardnet", "paper", 4_118_332),
    ("transhardnet", "paper", 27_022_460),
    ("hardnet", "compact", 1_281_046),
    ("transhardnet", "compact", 2_892_502),
    ("unet", "paper", 2_466_402),
    ("unet", "compact", 275_226),
    ("symtransnet", "paper", 42_687_874),
    ("symtransnet", "compact", 1_604_922),
    ("attfocusnet", "paper", 44_279_986),
    ("attfocusnet", "compact", 1_355_582),
    ("detector", "compact", 1_808_378),
    ("detector", "paper", 45_802_734),
    ("two_stage", "compact", 1_569_029),
    ("two_stage", "paper", 20_986_901),
    ("two_stage_swin_unet", "compact", 1_715_854),
    ("two_stage_swin_unet", "paper", 27_163_430),
    ("se_unet_3d", "paper", 2_263_042),
    ("se_unet_3d", "usual", 2_697_762),
    ("se_unet_3d", "compact", 675_474),
]
PUBLISHED_CHANNELS = {
    "se_unet_3d": {"in_channels": 2, "classes": 2},
    "two_stage": {"classes": 2},
    "two_stage_swin_unet": {"classes": 2},
}


@pytest.mark.parametrize(("system", "preset", "expected"), PARAMETERS)
def test_network_has_the_stated_number_of_parameters(system, preset, expected):
    network = build_network(system, preset, **PUBLISHED_CHANNELS.get(system, {}))

    assert sum(parameter.numel() for parameter in network.parameters()) == expected


def test_the_large_detector_is_within_one_percent_of_yolov5l():
    """YOLOv5l with five classes has 46,159,834 parameters."""
    network = build_network("detector", "paper", in_channels=3)

    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(46_159_834, rel=0.01)


def test_transdeeplab_is_within_one_percent_of_the_published_size():
    network = build_network("two_stage", "paper", in_channels=3, classes=9)

    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(21_143_676, rel=0.01)


def test_symtransnet_is_within_one_percent_of_the_published_size():
    network = build_network("symtransnet", "paper")

    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(43.06e6, rel=0.01)


@pytest.mark.parametrize("system", ["symtransnet", "attfocusnet", "detector", "se_unet_3d"])
def test_compact_networks_fit_five_megabytes_in_float16(system):
    network = build_network(system, "compact", in_channels=3)

    assert sum(parameter.numel() for parameter in network.parameters()) * 2 <= 5_000_000


def test_attfocusnet_without_focus_and_with_added_gates_is_the_usual_attention_unet():
    network = build_network("attfocusnet", "paper", focus=False, gates="add", classes=2)

    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(34.87e6, abs=1e4)


def test_every_preset_has_a_stated_number_of_parameters():
    built = {(system, preset) for system in system_names() for preset in get_system(system).presets}

    assert built == {(system, preset) for system, preset, _ in PARAMETERS}


def test_what_ships_stays_below_six_million_parameters():
    network = build_network("transhardnet", "compact", in_channels=3)

    assert sum(parameter.numel() for parameter in network.parameters()) <= 6_000_000


@pytest.mark.parametrize("system", ["hardnet", "transhardnet"])
@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_neighbouring_slices_change_the_first_convolution_only(system, preset):
    one = {name: tuple(t.shape) for name, t in build_network(system, preset).state_dict().items()}
    three = {name: tuple(t.shape) for name, t in build_network(system, preset, in_channels=3).state_dict().items()}

    assert {name: (one[name], three[name]) for name in one if one[name] != three[name]} == {
        "stem.0.0.weight": ((16, 1, 3, 3), (16, 3, 3, 3))
    }
    assert one.keys() == three.keys()


def test_number_of_classes_changes_the_head_only():
    six = {name: tuple(t.shape) for name, t in build_network("transhardnet", "compact").state_dict().items()}
    two = {name: tuple(t.shape) for name, t in build_network("transhardnet", "compact", classes=2).state_dict().items()}

    assert {name for name in six if six[name] != two[name]} == {"head.weight", "head.bias"}
    assert two["head.bias"] == (2,)


def test_override_replaces_the_argument_of_the_preset():
    network = build_network("transhardnet", "compact", transformer_layers=1, heads=4, dropout=0.0)

    assert [layer.heads for layer in network.bottleneck.layers] == [4]
    assert network.bottleneck.dropout.p == 0.0
    assert get_system("transhardnet").presets["compact"]["transformer_layers"] == 2


def test_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="embeding"):
        build_network("transhardnet", "compact", embeding=128)


@pytest.mark.parametrize(("system", "preset"), [("transhardnet", "tiny"), ("segnet", "paper")])
def test_unknown_name_is_refused_with_the_known_ones(system, preset):
    with raises(ValueError, "systems.no_network", system=system, preset=preset) as caught:
        build_network(system, preset)
    assert "transhardnet/compact" in caught.value.args[0].parameters["known"].split(", ")
