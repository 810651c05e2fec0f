# SPDX-License-Identifier: Apache-2.0
"""What the machine offers, asked without importing torch where there is no graphics card."""

from __future__ import annotations

import ctypes
import re
import sys

from ICHSegmentationLib.errors import InputError

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


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
    """Count the NVIDIA graphics cards that the installed driver offers to this process; 0 without a driver.

    The driver library is asked directly, since importing torch to ask takes seconds.
    """
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL(name)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except (OSError, AttributeError):
        return 0
    return count.value


def torch_cards() -> int:
    """Count the graphics cards that the installed torch can use; imports torch. 0 if torch is a CPU build."""
    try:
        import torch
    except ImportError:
        return 0
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
