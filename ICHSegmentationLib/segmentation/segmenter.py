# SPDX-License-Identifier: Apache-2.0
"""What every system offers, and which class implements which system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ICHSegmentationLib.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ICHSegmentationLib.ct import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.segmentation.label_map import LabelMap
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
    from ICHSegmentationLib.segmentation.stages import Stages


class Segmenter(Protocol):
    """A system that labels hemorrhage on the source slices."""

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> tuple[LabelMap, tuple[str, ...]]:
        """Label a volume, and give what the reader of the labels must know, one sentence each.

        ``stages`` is told how far the work is and raises `CancelledError` when asked to stop.
        """


def build_segmenter(entry: ModelEntry, runtime: Runtime, postprocessing: PostProcessing | None = None) -> Segmenter:
    """Make the segmenter of a model's system; without ``postprocessing`` it uses the default rules.

    Raises
    ------
    ModelError
        If this version of the library does not have the system.
    """
    from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
    from ICHSegmentationLib.segmentation.slicewise import SlicewiseSegmenter

    systems: dict[str, Callable[[ModelEntry, Runtime, PostProcessing | None], Segmenter]] = {
        "hardnet": SlicewiseSegmenter,
        "transhardnet": SlicewiseSegmenter,
        "se_unet_3d": PatchwiseSegmenter,
    }
    if entry.system not in systems:
        message = f"Model {entry.name} needs the system {entry.system!r}, which this version does not have; update it."
        raise ModelError(message)
    return systems[entry.system](entry, runtime, postprocessing)
