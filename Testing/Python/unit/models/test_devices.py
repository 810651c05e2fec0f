# SPDX-License-Identifier: Apache-2.0
"""Names of devices, and the graphics cards with a stand-in for the driver."""

from __future__ import annotations

import ctypes

import pytest
from builders.errors import raises

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.models.runtimes import devices


@pytest.mark.parametrize(
    ("given", "full"),
    [("auto", "auto"), ("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:0", "cuda:0"), ("cuda:3", "cuda:3")],
)
def test_known_names_are_taken(given, full):
    assert devices.check_device_name(given) == full


@pytest.mark.parametrize("name", ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cpu:0"])
def test_other_names_are_refused(name):
    with raises(InputError, "models.unknown_device"):
        devices.check_device_name(name)


class FakeDriver:
    def __init__(self, *, init: int, cards: int) -> None:
        self.init = init
        self.cards = cards

    def cuInit(self, flags: int) -> int:
        assert flags == 0
        return self.init

    def cuDeviceGetCount(self, count) -> int:
        ctypes.cast(count, ctypes.POINTER(ctypes.c_int))[0] = self.cards
        return 0

    def cuDeviceGet(self, card, number: int) -> int:
        ctypes.cast(card, ctypes.POINTER(ctypes.c_int))[0] = 7 + number
        return 0

    def cuDeviceGetName(self, text, length: int, card) -> int:
        name = f"NVIDIA Card {card.value}".encode()
        assert len(name) < length
        text.value = name
        return 0 if card.value < 9 else 101


@pytest.mark.parametrize(("init", "cards", "expected"), [(0, 2, 2), (0, 0, 0), (100, 2, 0)])
def test_the_driver_is_asked_for_the_cards(monkeypatch, init, cards, expected):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: FakeDriver(init=init, cards=cards))
    assert devices.nvidia_cards() == expected


def test_without_a_driver_there_are_no_cards(monkeypatch):
    def fail(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", fail)
    assert devices.nvidia_cards() == 0


def test_cards_have_the_driver_s_names(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: FakeDriver(init=0, cards=3))
    assert devices.nvidia_titles() == ("NVIDIA Card 7", "NVIDIA Card 8", "NVIDIA graphics card")


def test_without_a_card_there_is_the_processor_and_torch_is_not_asked(monkeypatch):
    monkeypatch.setattr(devices, "nvidia_titles", lambda: ())
    monkeypatch.setattr(devices, "torch_cards", lambda: pytest.fail("torch was imported"))
    assert devices.list_devices() == (devices.Device("cpu"),)


def test_a_card_that_torch_cannot_use_is_listed_with_the_reason(monkeypatch):
    monkeypatch.setattr(devices, "nvidia_titles", lambda: ("NVIDIA A", "NVIDIA B"))
    monkeypatch.setattr(devices, "torch_cards", lambda: 1)
    processor, first, second = devices.list_devices()
    assert processor.problem is None
    assert first == devices.Device("cuda:0", "NVIDIA A")
    assert (second.name, second.title) == ("cuda:1", "NVIDIA B")
    assert second.problem.code == "models.card_problem"
