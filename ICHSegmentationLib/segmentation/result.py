# SPDX-License-Identifier: Apache-2.0
"""A segmentation and how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap
    from ICHSegmentationLib.core.lesion_boxes import LesionBox
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, RuntimeInfo
    from ICHSegmentationLib.preprocessing.midsagittal import MidsagittalPlane


@dataclass(frozen=True, eq=False)
class SegmentationResult:
    """A segmented CT.

    Attributes
    ----------
    volume : CTVolume
        The input.
    label_map : LabelMap
        One label per voxel of the input's slices.
    model : ModelEntry
        The model.
    runtime : RuntimeInfo
        Device and runtime.
    timings_s : dict of str to float
        Seconds of each stage so far.
    warnings : tuple of str
        Warnings of the volume and of the run.
    boxes, plane, further_models, assessed
        See `ICHSegmentationLib.segmentation.segmenter.Segmented`.
    """

    volume: CTVolume
    label_map: LabelMap
    model: ModelEntry
    runtime: RuntimeInfo
    timings_s: dict[str, float]
    warnings: tuple[str, ...]
    boxes: tuple[LesionBox, ...] = ()
    plane: MidsagittalPlane | None = None
    further_models: tuple[ModelEntry, ...] = ()
    assessed: bool = True
