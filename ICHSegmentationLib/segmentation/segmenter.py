# SPDX-License-Identifier: Apache-2.0
"""What every system offers, and which class implements which system."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from ICHSegmentationLib.core.errors import ModelError

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing


class Segmented(NamedTuple):
    """What a system gives.

    Attributes
    ----------
    label_map : LabelMap
        Labels on the source slices.
    warnings : tuple of str
        What the reader of the labels must know, one sentence each.
    boxes : tuple of LesionBox
        Around the lesions, and how sure the system is of each; or the boxes that were given.
    plane : MidsagittalPlane or None
        About which the head was taken to be symmetric, where the system needs that.
    further_models : tuple of ModelEntry
        Those that were asked beside the system's own: a detector, a second reader.
    """

    label_map: LabelMap
    warnings: tuple[str, ...]
    boxes: tuple[LesionBox, ...]
    plane: MidsagittalPlane | None = None
    further_models: tuple[ModelEntry, ...] = ()


class Segmenter(Protocol):
    """A system that labels hemorrhage on the source slices."""

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume.

        ``stages`` is told how far the work is and raises `CancelledError` when asked to stop.
        """


def build_segmenter(entry: ModelEntry, runtime: Runtime, postprocessing: PostProcessing | None = None) -> Segmenter:
    """Make the segmenter of a model's system; without ``postprocessing`` it uses the model's rules.

    Raises
    ------
    ModelError
        If this version of the library does not have the system.
    """
    from ICHSegmentationLib.segmentation.em import EmSegmenter
    from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
    from ICHSegmentationLib.segmentation.slicewise import SlicewiseSegmenter
    from ICHSegmentationLib.segmentation.two_stage import TwoStageSegmenter

    rules = postprocessing or PostProcessing.for_model(entry)
    match entry.system:
        case "hardnet" | "transhardnet" | "unet" | "symtransnet" | "attfocusnet":
            return SlicewiseSegmenter(entry, runtime, rules)
        case "se_unet_3d":
            return PatchwiseSegmenter(entry, runtime, rules)
        case "two_stage" | "two_stage_swin_unet":
            return TwoStageSegmenter(entry, runtime)
        case "em":
            return EmSegmenter(entry, runtime, rules)
        case "detector":
            message = f"Model {entry.name} finds boxes and no blood; choose the two-stage model that uses it."
        case other:
            message = f"Model {entry.name} needs the system {other!r}, which this version does not have; update it."
    raise ModelError(message)
