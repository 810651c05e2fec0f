# SPDX-License-Identifier: Apache-2.0
"""What the machine offers, asked without importing torch where there is no graphics card."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass

from ICHSegmentationLib.core.errors import InputError

_TITLE_BYTES = 100
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


@dataclass(frozen=True)
class Device:
    """Something that a model could run on.

    Attributes
    ----------
    name
        What `load_runtime` takes: "cpu", "cuda:N".
    title
        The graphics card's product name; empty for the processor.
    problem
        Why it cannot be used, as a sentence for the user; None if it can.
    """

    name: str
    title: str = ""
    problem: str | None = None


def list_devices() -> tuple[Device, ...]:
    """List the processor and the NVIDIA graphics cards; imports torch where there is a card."""
    titles = nvidia_titles()
    usable = torch_cards() if titles else 0
    problem = (
        "The installed torch cannot use this graphics card; install a CUDA build of it, or a newer driver, "
        "or use the processor."
    )
    cards = (Device(f"cuda:{i}", title, None if i < usable else problem) for i, title in enumerate(titles))
    return Device("cpu"), *cards


def check_device_name(device: str) -> str:
    """Give the device in its full form ("cuda" is "cuda:0").

    Raises
    ------
    InputError
        If it is not "auto", "cpu", "cuda" or "cuda:N".
    """
    if not _DEVICE.fullmatch(device):
        message = f"The device {device!r} is not known; use auto, cpu, cuda or cuda:N."
        raise InputError(message)
    return "cuda:0" if device == "cuda" else device


def nvidia_cards() -> int:
    """Count the NVIDIA graphics cards that the installed driver offers to this process; 0 without a driver."""
    return len(nvidia_titles())


def nvidia_titles() -> tuple[str, ...]:
    """Name the NVIDIA graphics cards that the installed driver offers to this process; none without a driver.

    The driver library is asked directly, since importing torch to ask takes seconds.
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
