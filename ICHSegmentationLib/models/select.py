# SPDX-License-Identifier: Apache-2.0
"""Choose the runtime and the device of a model."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import InputError, ModelError, NoGraphicsCardError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.runtimes.devices import check_device_name, nvidia_cards, torch_cards
from ICHSegmentationLib.models.runtimes.no_network import NoNetwork
from ICHSegmentationLib.models.runtimes.openvino_runtime import OpenVinoRuntime
from ICHSegmentationLib.models.runtimes.torch_runtime import TorchRuntime
from ICHSegmentationLib.models.trained_network import load_network

if TYPE_CHECKING:
    from ICHSegmentationLib.models.manifest import ModelEntry
    from ICHSegmentationLib.models.runtimes.runtime import Runtime
    from ICHSegmentationLib.models.trained_network import NetworkBuilder

_RUNTIMES = ("auto", "openvino", "torch")
_LOG = logging.getLogger(__name__)


def load_runtime(
    entry: ModelEntry,
    *,
    build: NetworkBuilder,
    device: str = "auto",
    runtime: str = "auto",
    threads: int | None = None,
) -> Runtime:
    """Load a model on the fastest device, or on the one that the caller chose.

    Parameters
    ----------
    entry
        The model.
    build
        Builds its torch network, as `ICHSegmentationLib.systems.network_for`; called only where torch is needed.
    device
        "auto" uses a graphics card if torch can use one, else the processor; or "cpu", "cuda", "cuda:N".
    runtime
        "auto" uses torch on a graphics card and OpenVINO on the processor, with torch as the fallback;
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
        If the device or the runtime is unknown, or they do not fit each other.
    NoGraphicsCardError
        If the chosen graphics card cannot be used.
    ModelError
        If the weights are missing or damaged.
    """
    device = check_device_name(device)
    if not entry.has_weights:
        return NoNetwork(entry.name)
    if runtime not in _RUNTIMES:
        raise InputError(message("models.unknown_runtime", runtime=runtime, known=", ".join(_RUNTIMES)))
    if device.startswith("cuda"):
        return _load_cuda(entry, device, runtime, threads, build)
    if device == "auto" and runtime != "openvino" and nvidia_cards():
        if torch_cards():
            return _load_torch(entry, "cuda:0", threads, build)
        _LOG.info("The installed torch cannot use the NVIDIA card; using the processor.")
    if runtime == "torch":
        return _load_torch(entry, "cpu", threads, build)
    return _load_openvino(entry, threads, build, may_fall_back=runtime == "auto")


def _load_cuda(
    entry: ModelEntry, device: str, runtime: str, threads: int | None, build: NetworkBuilder
) -> TorchRuntime:
    if runtime == "openvino":
        raise InputError(message("models.openvino_on_card"))
    if not nvidia_cards():
        raise NoGraphicsCardError(message("models.card_without_driver", device=device))
    cards = torch_cards()
    if not cards:
        raise NoGraphicsCardError(message("models.card_without_cuda", device=device))
    if int(device.removeprefix("cuda:")) >= cards:
        raise NoGraphicsCardError(message("models.no_such_card", device=device, count=cards, last=cards - 1))
    return _load_torch(entry, device, threads, build)


def _load_torch(
    entry: ModelEntry, device: str, threads: int | None, build: NetworkBuilder, warnings: tuple[str, ...] = ()
) -> TorchRuntime:
    return TorchRuntime(load_network(entry, build=build), device=device, threads=threads, warnings=warnings)


def _load_openvino(entry: ModelEntry, threads: int | None, build: NetworkBuilder, *, may_fall_back: bool) -> Runtime:
    try:
        return OpenVinoRuntime(entry, build=build, threads=threads)
    except (ImportError, RuntimeError) as error:
        if not may_fall_back:
            raise ModelError(message("models.openvino_failed", name=entry.name)) from error
        warning = message("models.torch_instead", name=entry.name)
        _LOG.warning(warning, exc_info=error)
        return _load_torch(entry, "cpu", threads, build, (warning,))
