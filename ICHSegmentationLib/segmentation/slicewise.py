# SPDX-License-Identifier: Apache-2.0
"""Networks that label one slice at a time: all but the 3D SE U-Net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.lesion_boxes import lesion_boxes
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, label_values
from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.segmentation.segmenter import Segmented
from ICHSegmentationLib.segmentation.verifier import Verifier

if TYPE_CHECKING:
    from ICHSegmentationLib.core.progress import Stages
    from ICHSegmentationLib.core.volume import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.segmentation.postprocessing import PostProcessing


_NO_SUBTYPES = "This model does not tell subtypes apart: all blood is counted as ICH, none was looked for as a subtype."


class SlicewiseSegmenter:
    """Head crop (set upright where the model wants it), window, network slice by slice, way back, clean-up.

    Parameters
    ----------
    entry : ModelEntry
        Says what the network is shown and which classes it gives.
    runtime : Runtime
        The loaded network.
    postprocessing : PostProcessing
        Rules applied to the labels.
    """

    def __init__(self, entry: ModelEntry, runtime: Runtime, postprocessing: PostProcessing) -> None:
        self._spec = entry.input_spec
        self._labels = np.array(label_values(entry.classes), dtype=np.uint8)
        self._warnings = (_NO_SUBTYPES,) if ANY_BLOOD in entry.classes else ()
        self._runtime = runtime
        self._postprocessing = postprocessing
        self._second_reading = Verifier(entry, postprocessing.parenchymal_share, postprocessing.parenchymal_most_ml)

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> Segmented:
        """See `Segmenter.segment`."""
        with stages.stage("preprocess"):
            prepared = prepare_slices(volume, self._spec, force=force, advance=stages.advance)
        with stages.stage("infer"):
            probabilities = self._runtime.probabilities(
                prepared.images, progress=lambda done, count: stages.advance(done / count)
            )
        with stages.stage("postprocess"):
            restored = prepared.restore(probabilities)
            labels = self._postprocessing.apply(self._labels[restored.classes], volume.grid, blood=restored.blood)
            settled = self._second_reading.settle(volume, labels, self._runtime.info, stages.advance)
            label_map = LabelMap(labels, volume.grid)
            boxes = lesion_boxes(label_map, restored.blood)
        warnings = (*prepared.warnings, *self._warnings, *settled.warnings)
        plane = None if prepared.alignment is None else prepared.alignment.plane
        return Segmented(label_map, warnings, boxes, plane, settled.asked)
