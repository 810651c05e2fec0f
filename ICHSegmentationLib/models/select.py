# SPDX-License-Identifier: Apache-2.0
"""Choose where a model runs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import InputError, ModelError, NoGraphicsCardError
from ICHSegmentationLib.models.runtimes.devices import check_device_name, nvidia_cards, torch_cards
from ICHSegmentationLib.models.runtimes.no_network import NoNetwork

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.runtimes.runtime import Runtime, RuntimeInfo
    from ICHSegmentationLib.models.runtimes.torch_runtime import TorchRuntime

_RUNTIMES = ("auto", "openvino", "torch")
_LOG = logging.getLogger(__name__)


def load_runtime(
    entry: ModelEntry, *, device: str = "auto", runtime: str = "auto", threads: int | None = None
) -> Runtime:
    """Load a model where it runs best, or where the caller says.

    Parameters
    ----------
    entry
        The model.
    device
        "auto" takes a graphics card if there is one that torch can use, else the processor; or "cpu", "cuda", "cuda:N".
    runtime
        "auto" takes torch on a graphics card and OpenVINO on the processor, with torch as the fallback;
        or "openvino", "torch".
    threads
        Processor threads; None leaves the choice to the runtime.

    Returns
    -------
    Runtime
        Ready to run.

    Raises
    ------
    InputError
        If the device or the runtime is not known, or they do not fit each other.
    NoGraphicsCardError
        If a graphics card was asked for that cannot be used.
    ModelError
        If the weights are missing or damaged.
    """
    device = check_device_name(device)
    if not entry.has_weights:
        return NoNetwork()
    if runtime not in _RUNTIMES:
        message = f"The runtime {runtime!r} is not known; use {', '.join(_RUNTIMES)}."
        raise InputError(message)
    if device.startswith("cuda"):
        return _load_cuda(entry, device, runtime, threads)
    if device == "auto" and runtime != "openvino" and nvidia_cards():
        if torch_cards():
            return _load_torch(entry, "cuda:0", threads)
        _LOG.info("There is an NVIDIA card, but this torch cannot use it; the processor is used.")
    if runtime == "torch":
        return _load_torch(entry, "cpu", threads)
    return _load_openvino(entry, threads, may_fall_back=runtime == "auto")


def load_beside(entry: ModelEntry, where: RuntimeInfo) -> Runtime:
    """Load a further model for the same scan: on the same device, and in torch where the first runs in torch.

    Beside one in OpenVINO the choice is as of "auto": what OpenVINO cannot run falls back to torch.

    Parameters
    ----------
    entry
        The further model.
    where
        Where the first one runs.

    Raises
    ------
    ModelError, NoGraphicsCardError
        As of `load_runtime`.
    """
    runtime = "torch" if where.backend == "torch" else "auto"
    return load_runtime(entry, device=where.device, runtime=runtime, threads=where.threads)


def _load_cuda(entry: ModelEntry, device: str, runtime: str, threads: int | None) -> Runtime:
    if runtime == "openvino":
        message = "OpenVINO runs on the processor only; choose device cpu, or runtime torch for the graphics card."
        raise InputError(message)
    if not nvidia_cards():
        message = f"The device {device} was asked for, but no NVIDIA graphics card or driver was found; use device cpu."
        raise NoGraphicsCardError(message)
    cards = torch_cards()
    if not cards:
        message = f"The device {device} was asked for, but the installed torch has no CUDA; install a CUDA build of it."
        raise NoGraphicsCardError(message)
    if int(device.removeprefix("cuda:")) >= cards:
        message = f"The device {device} was asked for, but the last of the {cards} graphics cards is cuda:{cards - 1}."
        raise NoGraphicsCardError(message)
    return _load_torch(entry, device, threads)


def _load_torch(entry: ModelEntry, device: str, threads: int | None, warnings: tuple[str, ...] = ()) -> TorchRuntime:
    from ICHSegmentationLib.models.runtimes.torch_runtime import TorchRuntime
    from ICHSegmentationLib.models.trained_network import load_network

    return TorchRuntime(load_network(entry), device=device, threads=threads, warnings=warnings)


def _load_openvino(entry: ModelEntry, threads: int | None, *, may_fall_back: bool) -> Runtime:
    from ICHSegmentationLib.models.runtimes.openvino_runtime import OpenVinoRuntime

    try:
        return OpenVinoRuntime(entry, threads=threads)
    except (ImportError, RuntimeError) as error:
        if not may_fall_back:
            message = f"OpenVINO cannot run model {entry.name}; use runtime torch."
            raise ModelError(message) from error
        message = f"OpenVINO cannot run model {entry.name} on this machine; torch is used, which is slower."
        _LOG.warning(message, exc_info=error)
        return _load_torch(entry, "cpu", threads, (message,))
