# SPDX-License-Identifier: Apache-2.0
"""The one way to build a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.networks.presets import PRESETS

if TYPE_CHECKING:
    from ICHSegmentationLib.networks.hardnet import HarDNet


def build_network(system: str, preset: str, *, in_channels: int = 1, classes: int = 6, **overrides: Any) -> HarDNet:
    """Build a network with fresh weights, in training mode.

    Parameters
    ----------
    system
        "hardnet" (FC-HarDNet) or "transhardnet" (FC-HarDNet with a transformer).
    preset
        "paper" (the published size) or "compact" (what ships).
    in_channels
        1, or 1 + 2n to give each slice with n neighbours on each side. Only the first convolution depends on it.
    classes
        Outputs, background included.
    **overrides
        Constructor arguments that replace the preset's, for example ``dropout=0.0``.

    Returns
    -------
    HarDNet
        Takes (N, in_channels, H, W) float images, H and W multiples of 64, and gives (N, classes, H, W) logits.

    Raises
    ------
    ValueError
        If the system or the preset is not known.
    TypeError
        If the network has no such argument.
    """
    if preset not in PRESETS.get(system, {}):
        known = ", ".join(f"{name}/{size}" for name, sizes in PRESETS.items() for size in sizes)
        message = f"no network {system}/{preset}; known are {known}"
        raise ValueError(message)
    # torch takes seconds to import, which the names of the presets need not.
    from ICHSegmentationLib.networks.hardnet import HarDNet
    from ICHSegmentationLib.networks.transhardnet import TransHarDNet

    network = {"hardnet": HarDNet, "transhardnet": TransHarDNet}[system]
    return network(in_channels=in_channels, classes=classes, **(PRESETS[system][preset] | overrides))
