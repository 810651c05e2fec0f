# SPDX-License-Identifier: Apache-2.0
"""Networks that label one slice at a time (TransHarDNet and FC-HarDNet)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.preprocessing.slices import prepare_slices
from ICHSegmentationLib.segmentation.label_map import LabelMap
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing

if TYPE_CHECKING:
    from ICHSegmentationLib.ct import CTVolume
    from ICHSegmentationLib.models import ModelEntry, Runtime
    from ICHSegmentationLib.segmentation.stages import Stages


class SlicewiseSegmenter:
    """Head crop, window, network slice by slice, back to the source slices, clean-up.

    Parameters
    ----------
    entry : ModelEntry
        Says what the network is shown; its classes are background and the five subtypes in label order.
    runtime : Runtime
        The loaded network.
    postprocessing : PostProcessing
        Rules applied to the labels.
    """

    def __init__(self, entry: ModelEntry, runtime: Runtime, postprocessing: PostProcessing | None = None) -> None:
        self._spec = entry.input_spec
        self._runtime = runtime
        self._postprocessing = postprocessing or PostProcessing()

    def segment(self, volume: CTVolume, stages: Stages, *, force: bool) -> tuple[LabelMap, tuple[str, ...]]:
        """See `Segmenter.segment`."""
        with stages.stage("preprocess"):
            prepared = prepare_slices(volume, self._spec, force=force, advance=stages.advance)
        with stages.stage("infer"):
            probabilities = self._runtime.probabilities(
                prepared.images, progress=lambda done, count: stages.advance(done / count)
            )
        with stages.stage("postprocess"):
            labels = prepared.restore(probabilities)
            labels = self._postprocessing.apply(labels, volume.grid)
        return LabelMap(labels, volume.grid), prepared.warnings
