# SPDX-License-Identifier: Apache-2.0
"""Devices of this computer; torch is imported only if there is a graphics card."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

_TITLE_BYTES = 100
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


@dataclass(frozen=True)
class Device:
    """A processor or graphics card.

    Attributes
    ----------
    name
        Name as `load_runtime` takes it: "cpu", "cuda:N".
    title
        Product name of the graphics card; empty for the processor.
    problem
        Reason for the user why it cannot be used; None if it can.
    """

    name: str
    title: str = ""
    problem: str | None = None


def list_devices() -> tuple[Device, ...]:
    """List the processor and the NVIDIA graphics cards; imports torch if there is a card."""
    titles = nvidia_titles()
    usable = torch_cards() if titles else 0
    problem = message("models.card_problem")
    cards = (Device(f"cuda:{i}", title, None if i < usable else problem) for i, title in enumerate(titles))
    return Device("cpu"), *cards


def check_device_name(device: str) -> str:
    """Return the full name of a device ("cuda" is "cuda:0").

    Raises
    ------
    InputError
        If it is not "auto", "cpu", "cuda" or "cuda:N".
    """
    if not _DEVICE.fullmatch(device):
        raise InputError(message("models.unknown_device", device=device))
    return "cuda:0" if device == "cuda" else device


def nvidia_cards() -> int:
    """Count the NVIDIA graphics cards that the driver offers to this process; 0 without a driver."""
    return len(nvidia_titles())


def nvidia_titles() -> tuple[str, ...]:
    """Return the names of the NVIDIA graphics cards that the driver offers to this process; empty without a driver.

    This calls the driver library directly, because importing torch takes seconds.
    """
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL(name)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return ()
    except (OSError, AttributeError):
        return ()
    return tuple(_title(driver, number) for number in range(count.value))


def _title(driver: ctypes.CDLL, number: int) -> str:
    card = ctypes.c_int(0)
    text = ctypes.create_string_buffer(_TITLE_BYTES)
    if driver.cuDeviceGet(ctypes.byref(card), number) != 0 or driver.cuDeviceGetName(text, _TITLE_BYTES, card) != 0:
        return "NVIDIA graphics card"
    return text.value.decode(errors="replace")


def torch_cards() -> int:
    """Count the graphics cards that the installed torch can use; imports torch. 0 if torch is a CPU build."""
    try:
        import torch
    except ImportError:
        return 0
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
