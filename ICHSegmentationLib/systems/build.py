# SPDX-License-Identifier: Apache-2.0
"""Build the network and the segmenter of a system."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.companion import find_companion
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
from ICHSegmentationLib.segmentation.segmenter import Companions
from ICHSegmentationLib.systems.registry import check_preset, get_system, system_names

if TYPE_CHECKING:
    from torch import nn

    from ICHSegmentationLib.models import LoadedModel, ModelEntry, Runtime
    from ICHSegmentationLib.segmentation.segmenter import Segmenter


def build_network(system: str, preset: str, *, in_channels: int = 1, classes: int = 6, **overrides: Any) -> nn.Module:
    """Build a network with initial weights, in training mode; imports torch, which takes seconds.

    Parameters
    ----------
    system, preset
        Names of a system and of one of its presets.
    in_channels
        Input channels: 1 + 2n for slices with n neighbours on each side, 2 for patches with their mirrored side. Only
        the first convolution depends on it.
    classes
        Number of classes, background included.
    **overrides
        Constructor arguments that replace the preset's, for example ``dropout=0.0``.

    Returns
    -------
    torch.nn.Module
        Maps (N, in_channels, H, W) float images, H and W multiples of 64, to (N, classes, H, W) logits. A network of
        patches takes and returns (N, ..., D, H, W), multiples of 8; one of crops takes 224 x 224; a detector returns
        boxes, see its module.

    Raises
    ------
    ValueError
        If the system or the preset does not exist.
    TypeError
        If the network has no such argument.
    """
    check_preset(system, preset)
    spec = get_system(system)
    module, name = spec.network.split(".")
    network: type[nn.Module] = getattr(import_module(f"ICHSegmentationLib.networks.{module}"), name)
    return network(in_channels=in_channels, classes=classes, **{**spec.presets[preset], **overrides})


def network_for(entry: ModelEntry) -> nn.Module:
    """Build the network of a model with initial weights; `ICHSegmentationLib.models` loads the trained ones into it."""
    return build_network(
        entry.system, entry.preset, in_channels=entry.input_spec.channels, classes=len(entry.classes), **entry.network
    )


def build_segmenter(
    entry: ModelEntry,
    runtime: Runtime,
    postprocessing: PostProcessing | None = None,
    loaded: LoadedModel | None = None,
) -> Segmenter:
    """Make the segmenter of a model and find its companion models, which are loaded when they are needed.

    Parameters
    ----------
    entry : ModelEntry
        The model.
    runtime : Runtime
        The loaded model.
    postprocessing : PostProcessing, optional
        Postprocessing rules; by default the model's own.
    loaded : LoadedModel, optional
        Keeps the companion models loaded between scans.

    Raises
    ------
    ModelError
        If the model does not segment scans, or this version does not have its system.
    """
    if entry.system not in system_names():
        raise ModelError(message("systems.unknown", name=entry.name, system=entry.system))
    segmenter = get_system(entry.system).segmenter
    if segmenter is None:
        raise ModelError(message("systems.boxes_only", name=entry.name))
    companions = Companions(
        detector=find_companion(entry.detector, entry, build=network_for, loaded=loaded),
        verifier=find_companion(entry.verifier, entry, build=network_for, loaded=loaded),
    )
    return segmenter(entry, runtime, postprocessing or PostProcessing.for_model(entry), companions)
