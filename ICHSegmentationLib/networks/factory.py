# SPDX-License-Identifier: Apache-2.0
"""The one way to build a network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.networks.presets import PRESETS

if TYPE_CHECKING:
    from torch import nn

# By name: torch takes seconds to import, which the names of the presets need not.
_CLASSES = {
    "hardnet": "hardnet.HarDNet",
    "transhardnet": "transhardnet.TransHarDNet",
    "unet": "unet.UNet",
    "symtransnet": "symtransnet.SymTransNet",
    "attfocusnet": "attfocusnet.AttFocusNet",
    "detector": "box_detector.BoxDetector",
    "two_stage": "trans_deeplab.TransDeepLab",
    "two_stage_swin_unet": "swin_unet.SwinUnet",
    "se_unet_3d": "se_unet_3d.SEUNet3D",
}


def build_network(system: str, preset: str, *, in_channels: int = 1, classes: int = 6, **overrides: Any) -> nn.Module:
    """Build a network with fresh weights, in training mode.

    Parameters
    ----------
    system
        A key of `PRESETS`.
    preset
        "paper" (the published size) or "compact" (what ships); some systems have more.
    in_channels
        1, or 1 + 2n to give each slice with n neighbours on each side; 2 for "se_unet_3d". Only the first convolution
        depends on it.
    classes
        Outputs, background included.
    **overrides
        Constructor arguments that replace the preset's, for example ``dropout=0.0``.

    Returns
    -------
    torch.nn.Module
        Takes (N, in_channels, H, W) float images, H and W multiples of 64, and gives (N, classes, H, W) logits;
        "se_unet_3d" takes and gives (N, ..., D, H, W), multiples of 8; "detector" gives boxes, see its module; the
        second stages take crops of 224 x 224.

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
    module, name = _CLASSES[system].split(".")
    network = getattr(import_module(f"ICHSegmentationLib.networks.{module}"), name)
    return network(in_channels=in_channels, classes=classes, **(PRESETS[system][preset] | overrides))
