# SPDX-License-Identifier: Apache-2.0
"""Segment with a network that labels one slice at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, label_values
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.segmentation.segmenter import Companions, Segmented
from ICHSegmentationLib.segmentation.verifier import Verifier

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing


class SlicewiseSegmenter:
    """Crop the head, align its midline if the model wants it, run the network on each slice, and map back.

    Parameters
    ----------
    entry : ModelEntry
        Describes the network's input and its classes.
    runtime : Runtime
        The loaded network.
    postprocessing : PostProcessing
        Rules applied to the labels.
    companions : Companions
        The verifier, if the model has one.
    """

    def __init__(
        self,
        entry: ModelEntry,
        runtime: Runtime,
        postprocessing: PostProcessing,
        companions: Companions,
    ) -> None:
        self._spec = entry.input_spec
        self._labels = np.array(label_values(entry.classes), dtype=np.uint8)
        self._warnings = (message("segmentation.no_subtypes"),) if ANY_BLOOD in entry.classes else ()
        self._runtime = runtime
        self._postprocessing = postprocessing
        self._verifier = Verifier(
            companions.verifier,
            min_fraction=postprocessing.parenchymal_fraction,
            max_ml=postprocessing.max_parenchymal_ml,
        )

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """Label a volume; see `Segmenter.segment`."""
        with stages.stage("preprocess"):
            prepared = prepare_slices(
                volume, self._spec, min_mm=self._spec.min_distance_mm, force=force, advance=stages.advance
            )
        with stages.stage("infer"):
            probabilities = self._runtime.probabilities(
                prepared.images, progress=lambda done, count: stages.advance(done / count)
            )
        with stages.stage("postprocess"):
            restored = prepared.restore(probabilities)
            labels = self._postprocessing.apply(
                self._labels[restored.classes], volume.grid, hu=volume.hu, blood=restored.blood
            )
            verified = self._verifier.verify(volume, labels, self._runtime.info, stages.advance)
            label_map = LabelMap(labels, volume.grid)
            boxes = lesion_boxes(label_map, restored.blood)
        warnings = (*prepared.warnings, *self._warnings, *verified.warnings)
        plane = None if prepared.alignment is None else prepared.alignment.plane
        return Segmented(label_map, warnings, boxes, plane, verified.models)
