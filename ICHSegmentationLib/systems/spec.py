# SPDX-License-Identifier: Apache-2.0
"""Declaration of a system: a published method with its network, presets, segmenter and training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
    from ICHSegmentationLib.segmentation.segmenter import Companions, Segmenter

    SegmenterFactory = Callable[[ModelEntry, Runtime, PostProcessing, Companions], Segmenter]


@dataclass(frozen=True)
class TrainingHooks:
    """Parts of the training that depend on the system, as "module:name" below ``ICHSegmentationLib.research.training``.

    Training resolves the names when it needs them: it is not installed in 3D Slicer.

    Attributes
    ----------
    dataset : str
        Called with (files, config); returns a torch data set of "image" and "label".
    validation : str
        Called with (network, files, config, processes); returns the validation metric of each class.
    loss : str
        Called with the optimisation section of the configuration; returns a torch module of (output, label).
    """

    dataset: str = "dataset:SliceDataset"
    validation: str = "validation:slice_dice"
    loss: str = "loss:segmentation_loss"


@dataclass(frozen=True)
class SystemSpec:
    """A system; its file in this package is the only place that names it.

    Attributes
    ----------
    name : str
        Name in the manifest and in training configurations.
    title, citation : str
        Name of the method and its publication.
    input : str
        Input of the network: whole "slices", "patches" of the volume, "crops" of boxes, or "none" without a network.
    segmenter : callable or None
        Makes the segmenter of (entry, runtime, postprocessing, companions); None if the system does not segment scans.
    takes_boxes : bool
        Whether the segmenter can segment inside given boxes, see
        `ICHSegmentationLib.segmentation.boxes.segmentation.BoxSegmenter`.
    network : str
        "module.Class" below ``ICHSegmentationLib.networks``; empty without a network.
    presets : mapping of str to mapping
        Constructor arguments by preset: "paper" (the published size), "compact" (what ships), perhaps more.
    training : TrainingHooks
        Data set, validation and loss.
    """

    name: str
    title: str
    citation: str
    input: Literal["slices", "patches", "crops", "none"]
    segmenter: SegmenterFactory | None
    takes_boxes: bool = False
    network: str = ""
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    training: TrainingHooks = TrainingHooks()

    @property
    def segments_scans(self) -> bool:
        """Whether the system labels whole scans; a detector does not."""
        return self.segmenter is not None
